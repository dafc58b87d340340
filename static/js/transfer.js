// One file on its way from the browser straight into the storage. Knows nothing of the page: it tells by events.
//
// A small file goes in one PUT. A large one goes in parts: after a cut, only what had not arrived is sent again.

const PART_TRIES = 3;
// The speed that is shown is that of the last seconds, so that a stop is seen.
const SPEED_WINDOW = 5000; // milliseconds

/**
 * A failure with a sentence for the person who waits. `network`: trying again later can help without a change.
 * `goesOn`: what has arrived until then is still good for the next try.
 */
export class TransferError extends Error {
  constructor(message, { network = false, goesOn = network } = {}) {
    super(message);
    Object.assign(this, { network, goesOn });
  }
}

export class Transfer extends EventTarget {
  /**
   * @param {Blob} file
   * @param {string} name what its owner calls it
   * @param {Server} server
   * @param {object} words sentences for what can go wrong here
   */
  constructor(file, name, server, words) {
    super();
    Object.assign(this, { file, name, server, words });
    this.state = "waiting"; // sending, checking, done, failed, cancelled
    this.sent = 0; // bytes
    this.error = null;
    this.address = null; // of the finished file's page
    this.signed = null; // what the server gave out for this file
    this.arrived = new Map(); // part number → ETag
    this.isAllSent = false; // only the server's look at it is missing
    this.samples = [];
  }

  /** The upload's id; null before the server has given one out. */
  get uploadId() {
    return this.signed?.uploadId ?? null;
  }

  get isOver() {
    return ["done", "failed", "cancelled"].includes(this.state);
  }

  /** Bytes a second; 0 while nothing moves. */
  get speed() {
    const [first] = this.samples;
    const last = this.samples.at(-1);
    if (!first || last.at - first.at < 500) return 0;
    return Math.max(0, (1000 * (last.sent - first.sent)) / (last.at - first.at));
  }

  /** Seconds; Infinity while nothing moves. */
  get secondsLeft() {
    return this.speed ? (this.file.size - this.sent) / this.speed : Infinity;
  }

  async start() {
    this.aborter = new AbortController();
    this.error = null;
    this.samples = [];
    this.tell("sending");
    try {
      // Goes on where it was cut off; the addresses of then may have ended in the meantime.
      if (this.signed?.parts) this.signed.parts = [];
      else this.signed ??= await this.server.sign(this.file, this.name, this.aborter.signal);
      const parts = this.signed.parts ? await this.sendParts() : await this.sendWhole();
      this.isAllSent = true;
      this.tell("checking");
      const { url } = await this.server.complete(this.signed.uploadId, parts, this.aborter.signal);
      this.address = url;
      this.tell("done");
    } catch (error) {
      if (this.aborter.signal.aborted) return;
      this.error = error instanceof TransferError ? error : new TransferError(this.words.server);
      // An address works once: the next try gets a new one. Parts that arrived are kept, and so is what only has to be
      // looked at: the answer that was lost may have been that it is stored.
      const isKept = this.error.goesOn && (this.signed?.parts || this.isAllSent);
      if (!isKept) this.letGo();
      this.tell("failed");
    }
  }

  cancel() {
    if (this.isOver) return;
    this.aborter?.abort();
    this.letGo();
    this.tell("cancelled");
  }

  /** Nobody wants it any more: what was kept for another try goes as well. */
  giveUp() {
    this.cancel();
    if (this.state !== "done") this.letGo();
  }

  // --- Inside ---

  async sendWhole() {
    if (this.isAllSent) return undefined;
    this.sent = 0;
    await put(this.signed.url, this.file, this.signed.headers, this.words, this.aborter.signal, (sent) => this.progress(sent));
    return undefined;
  }

  async sendParts() {
    const { partSize } = this.signed;
    const count = Math.ceil(this.file.size / partSize);
    for (let number = 1; number <= count; number += 1) {
      if (!this.arrived.has(number)) await this.sendPart(number, partSize);
    }
    return [...this.arrived].sort(([a], [b]) => a - b).map(([partNumber, eTag]) => ({ partNumber, eTag }));
  }

  async sendPart(number, partSize) {
    const start = (number - 1) * partSize;
    const piece = this.file.slice(start, Math.min(start + partSize, this.file.size));
    const before = this.bytesArrived(partSize);
    for (let attempt = 1; ; attempt += 1) {
      const url = await this.addressOf(number, attempt > 1);
      try {
        const eTag = await put(url, piece, {}, this.words, this.aborter.signal, (sent) => this.progress(before + sent));
        this.arrived.set(number, eTag);
        return;
      } catch (error) {
        if (attempt === PART_TRIES || this.aborter.signal.aborted) throw error;
        this.progress(before);
        await pause(500 * attempt, this.aborter.signal);
      }
    }
  }

  bytesArrived(partSize) {
    let bytes = 0;
    for (const number of this.arrived.keys()) bytes += Math.min(partSize, this.file.size - (number - 1) * partSize);
    return bytes;
  }

  async addressOf(number, again) {
    const known = this.signed.parts.find((part) => part.partNumber === number);
    if (known && !again) return known.url;
    const { parts } = await this.server.signParts(this.signed.uploadId, [number], this.aborter.signal);
    return parts[0].url;
  }

  /** Give back what was begun; the server sweeps it up by itself if it does not hear of this. */
  letGo() {
    if (this.signed) this.server.abort(this.signed.uploadId);
    this.signed = null;
    this.arrived.clear();
    this.isAllSent = false;
    this.sent = 0;
  }

  progress(sent) {
    const now = performance.now();
    this.sent = sent;
    this.samples.push({ at: now, sent });
    while (this.samples.length > 2 && now - this.samples[0].at > SPEED_WINDOW) this.samples.shift();
    this.dispatchEvent(new Event("progress"));
  }

  tell(state) {
    this.state = state;
    if (state === "done") this.sent = this.file.size;
    this.dispatchEvent(new Event("state"));
  }
}

/** What the site itself is asked for, in JSON. */
export class Server {
  /**
   * @param {string} address where uploads are signed; the others are below it
   * @param {string} scope what the files are for
   * @param {string} token against forged requests
   * @param {object} words
   */
  constructor(address, scope, token, words) {
    Object.assign(this, { address, scope, token, words });
  }

  sign(file, name, signal) {
    return this.post("", { scope: this.scope, fileName: name, contentType: file.type, size: file.size }, signal);
  }

  signParts(uploadId, partNumbers, signal) {
    return this.post(`/${uploadId}/parts`, { partNumbers }, signal);
  }

  complete(uploadId, parts, signal) {
    return this.post(`/${uploadId}/complete`, parts ? { parts } : {}, signal);
  }

  abort(uploadId) {
    // The page may be left at once; this goes on.
    this.post(`/${uploadId}/abort`, {}, undefined, { keepalive: true }).catch(() => {});
  }

  async post(path, body, signal, options = {}) {
    let response;
    try {
      response = await fetch(this.address + path, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": presentToken() || this.token },
        body: JSON.stringify(body),
        signal,
        ...options,
      });
    } catch {
      throw new TransferError(this.words.network, { network: true });
    }
    const isJson = (response.headers.get("Content-Type") ?? "").startsWith("application/json");
    // Sent to the sign-in page instead of being answered; or the token is one of a session that is over.
    if (response.redirected || (response.status === 403 && !isJson)) throw new TransferError(this.words.session, { goesOn: true });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) {
      throw new TransferError(answer.message ?? this.words.server, { network: response.status >= 500 || response.status === 429 });
    }
    return answer;
  }
}

/** Signing in again in another tab changes the token; the page's own is of no use then. */
export function presentToken() {
  return document.cookie.match(/(?:^|; )csrftoken=(\w+)/)?.[1] ?? "";
}

/** PUT with progress, which fetch does not tell. Gives the ETag. */
function put(url, body, headers, words, signal, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) {
      // The browser sends the length by itself and lets no script set it.
      if (name.toLowerCase() !== "content-length") request.setRequestHeader(name, value);
    }
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded));
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) resolve(request.getResponseHeader("ETag"));
      else reject(new TransferError(words.refused, { network: request.status >= 500 }));
    });
    request.addEventListener("error", () => reject(new TransferError(words.network, { network: true })));
    request.addEventListener("abort", () => reject(new TransferError(words.cancelled)));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new TransferError(""));
    });
  });
}
