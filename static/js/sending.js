// Puts one file straight into the storage: asks the site for an address, sends the file there, has it looked at.

/** The site or the storage said no; `message` is a sentence for the visitor, and trying the same again cannot help. */
export class Refused extends Error {}

/** The session has ended. */
export class SignedOut extends Error {}

/** The connection broke, or somebody was down: the same again may go well. */
export class CutOff extends Error {}

/**
 * Send a file; returns the upload's id.
 *
 * @param {Blob} file
 * @param {string} name what its owner calls it
 * @param {{signUrl: string, token: string, type?: string, signal: AbortSignal,
 *          onProgress: (share: number) => void, onSent: () => void}} how
 */
export async function send(file, name, { signUrl, token, type, signal, onProgress, onSent }) {
  const say = (url, fields) => ask(url, fields, token, signal);
  const contentType = (type ?? file.type).split(";")[0];
  const signed = await say(signUrl, { file_name: name, content_type: contentType, file_size: file.size });
  const place = `${signUrl}/${signed.uploadId}`;
  try {
    await put(signed.presignedUrl, signed.requiredHeaders, file, signal, onProgress);
  } catch (error) {
    // The address works once: another try gets another one, and what came of this one is cleared away.
    fetch(`${place}/abort`, { method: "POST", headers: { "X-CSRFToken": token }, keepalive: true }).catch(() => {});
    throw error;
  }
  onSent();
  return (await say(`${place}/complete`, {})).uploadId;
}

async function ask(url, fields, token, signal) {
  let response;
  try {
    const body = new URLSearchParams(fields);
    response = await fetch(url, { method: "POST", body, headers: { "X-CSRFToken": token }, signal, redirect: "manual" });
  } catch (error) {
    throw error.name === "AbortError" ? error : new CutOff();
  }
  // Whoever is not signed in is sent elsewhere; a new session has another token.
  if (response.type === "opaqueredirect" || (response.status === 403 && !isJson(response))) throw new SignedOut();
  if (response.status >= 500 || response.status === 429) throw new CutOff();
  const answer = isJson(response) ? await response.json().catch(() => ({})) : {};
  if (!response.ok) throw new Refused(answer.message ?? response.statusText);
  return answer;
}

const isJson = (response) => (response.headers.get("Content-Type") ?? "").startsWith("application/json");

/** Not fetch: it does not tell how much has been sent. */
function put(url, headers, file, signal, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) {
      // The browser counts the length itself, and lets nobody say it.
      if (name.toLowerCase() !== "content-length") request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => onProgress(event.total ? event.loaded / event.total : 0);
    request.onload = () => (request.status < 300 ? resolve() : reject(new CutOff()));
    request.onerror = request.ontimeout = () => reject(new CutOff());
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    request.onloadend = () => signal.removeEventListener("abort", stop);
    signal.addEventListener("abort", stop);
    if (signal.aborted) return stop();
    request.send(file);
  });
}
