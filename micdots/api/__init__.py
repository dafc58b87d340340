"""What the API of every app shares: envelope, errors, strict input, paging, idempotency, limits, schema, health.

An app writes three small modules and nothing else. Names are ``snake_case`` here and ``camelCase`` outside::

    # dots/api/serializers.py
    from rest_framework import serializers
    from micdots.api.fields import StrictBooleanField, StrictCharField, StrictChoiceField, UtcDateTimeField
    from micdots.api.serializers import Input, Output, Query

    class DotQuery(Query):
        q = StrictCharField(max_length=200, allow_blank=True)
        status = StrictChoiceField(Dot.Status)

    class DotInput(Input):
        title = StrictCharField(max_length=120)
        is_active = StrictBooleanField(default=True)             # JSON: isActive

    class DotOutput(Output):
        id = serializers.UUIDField(source="public_id")
        play_url = serializers.SerializerMethodField()            # JSON: playUrl
        created_at = UtcDateTimeField()

        def get_play_url(self, dot: Dot) -> str: ...

    # dots/api/views.py
    from micdots.api.paging import Listing
    from micdots.api.views import ApiView, endpoint

    class DotsView(ApiView):
        @endpoint(query=DotQuery, answer=DotOutput, listing=Listing(sorts={"title": ("title",)}))
        def get(self, request: Request, query: dict[str, Any]) -> QuerySet[Dot]:
            "List your dots."                                     # the docstring is the summary in the schema
            return selectors.dots_for(request.user, **query)

        @endpoint(body=DotInput, answer=DotOutput, status=201, idempotent=True, limits=["dots"], errors=[402])
        def post(self, request: Request, body: dict[str, Any]) -> Dot:
            "Make a dot."
            return services.make_dot(owner=request.user, **body)

    class DotView(ApiView):
        @endpoint(answer=DotOutput)
        def get(self, request: Request, dot_id: UUID) -> Dot:
            "One dot."
            return access.dot_for(request.user, dot_id)            # raises NotFound for another's, too

        @endpoint(errors=[409])
        def delete(self, request: Request, dot_id: UUID) -> None:  # no answer: 204
            "Delete a dot."
            services.delete_dot(dot=access.dot_for(request.user, dot_id))

    # dots/api/urls.py: without slashes at the end; both forms answer
    urlpatterns = [path("dots", DotsView.as_view()), path("dots/<id:dot_id>", DotView.as_view())]

What comes with it: credentials are asked for unless ``public=True``; a malformed id in the path is VALIDATION_ERROR;
any ``MicDotsError``, Django ``ValidationError`` or ``Http404`` becomes the right envelope, with names of ``details``
turned to camelCase; a body is one JSON object of at most 2 MiB; unknown fields and parameters are ignored.
Nested input is another ``Input`` used as a field. Services raise errors, views do not catch them.
"""
