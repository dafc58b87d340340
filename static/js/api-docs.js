// The page at /api/v1/docs: Swagger UI on our own OpenAPI document.
const place = document.getElementById("api-docs");

window.SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: true,
  persistAuthorization: false, // a token is not to be left behind in the browser
  presets: [window.SwaggerUIBundle.presets.apis],
});
