// Records with the browser's microphone. Says every change of state, shows level and time, and hands over each take as
// an event: `take` with { blob, name, seconds }. A new take replaces the old one; until it ends the old one stays.

const TYPES = [
  ["audio/webm;codecs=opus", "webm"],
  ["audio/mp4;codecs=mp4a.40.2", "m4a"],
  ["audio/mp4", "m4a"],
  ["audio/ogg;codecs=opus", "ogg"],
  ["audio/webm", "webm"],
];
const BITS_PER_SECOND = 96_000;
const SLICE = 1000; // milliseconds: whatever happens to the recorder, no more than this is lost
const FLOOR = -60; // dB, the left end of the level
const SOFT = -40; // dB: below this for a while, a voice is too far away
const LOUD = -3; // dB of the highest sample: it is being cut off
const WORD_EVERY = 1000; // milliseconds between judgements of the level

export class Recorder extends HTMLElement {
  connectedCallback() {
    this.words = this.dataset;
    this.leaving = new AbortController();
    this.addEventListener(
      "click",
      (event) => {
        const act = event.target.closest("[data-act]")?.dataset.act;
        if (act) this[act]();
      },
      { signal: this.leaving.signal },
    );
  }

  disconnectedCallback() {
    this.leaving.abort();
    this.discard();
  }

  /** Whether something is being recorded now, or paused. */
  get isRecording() {
    return this.media?.state === "recording" || this.media?.state === "paused";
  }

  // --- Acts ---

  async start() {
    if (this.isRecording || this.isAsking) return;
    const trouble = unable();
    if (trouble) return this.complain(trouble);
    this.isAsking = true;
    this.say(this.words.asking);
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: false } });
    } catch (error) {
      return this.complain(reason(error));
    } finally {
      this.isAsking = false;
    }
    if (!this.isConnected) return this.release(); // the page went on while the browser asked
    try {
      this.begin();
    } catch {
      this.complain("failed");
    }
  }

  pause() {
    if (this.media?.state !== "recording") return;
    this.media.pause();
    this.before += performance.now() - this.since;
    this.show("paused");
    this.say(this.words.paused);
    this.button("resume").focus();
  }

  resume() {
    if (this.media?.state !== "paused") return;
    this.media.resume();
    this.since = performance.now();
    this.show("recording");
    this.say(this.words.recording);
    this.button("pause").focus();
  }

  stop() {
    this.end(this.words.recorded);
  }

  /** Forget what is being recorded, and let go of the microphone. */
  discard() {
    if (this.media) this.media.onstop = null;
    if (this.isRecording) this.media.stop();
    this.release();
  }

  // --- The recording ---

  begin() {
    const [type, extension] = TYPES.find(([name]) => MediaRecorder.isTypeSupported(name)) ?? ["", "webm"];
    const options = { audioBitsPerSecond: BITS_PER_SECOND };
    if (type) options.mimeType = type;
    const media = new MediaRecorder(this.stream, options);
    const chunks = [];
    let bytes = 0;
    media.ondataavailable = (event) => {
      if (event.data.size) chunks.push(event.data);
      bytes += event.data.size;
      // One more slice has to fit.
      if (bytes + BITS_PER_SECOND / 4 > Number(this.words.maxBytes)) this.end(this.words.full);
    };
    media.onerror = () => this.end(this.words.failed);
    media.onstop = () => {
      const blob = new Blob(chunks, { type: (media.mimeType || type).split(";")[0] });
      this.finish(blob, blob.type.includes("mp4") ? "m4a" : blob.type.includes("ogg") ? "ogg" : extension);
    };
    // Pulled out, or taken back by the visitor: what there is stays.
    for (const track of this.stream.getTracks()) track.onended = () => this.end(this.words.unplugged);
    this.media = media;
    this.ending = this.words.recorded;
    this.before = 0;
    this.since = performance.now();
    media.start(SLICE);
    this.watchLevel();
    this.show("recording");
    this.say(this.words.recording);
    this.button("stop").focus();
    this.dispatchEvent(new CustomEvent("recording", { bubbles: true }));
  }

  end(sentence) {
    if (!this.isRecording) return;
    if (this.media.state === "recording") this.before += performance.now() - this.since;
    this.ending = sentence;
    this.media.stop();
  }

  finish(blob, extension) {
    const seconds = this.before / 1000;
    this.release();
    this.show("recorded");
    if (!blob.size) return this.complain("failed");
    this.say(this.ending.replace("{time}", this.inWords(seconds)));
    this.button("start").focus();
    const now = new Date();
    const name = `recording-${stamp(now)}.${extension}`;
    this.dispatchEvent(new CustomEvent("take", { bubbles: true, detail: { blob, name, seconds } }));
  }

  release() {
    cancelAnimationFrame(this.frame);
    for (const track of this.stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    this.sound?.close();
    this.stream = this.sound = this.media = undefined;
  }

  // --- What is shown and said ---

  watchLevel() {
    this.sound = new AudioContext();
    const analyser = this.sound.createAnalyser();
    analyser.fftSize = 2048;
    this.sound.createMediaStreamSource(this.stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const meter = this.querySelector("meter");
    const word = this.querySelector("[data-level-word]");
    let [loudest, peak, judged] = [-Infinity, 0, performance.now()];
    const look = () => {
      this.frame = requestAnimationFrame(look);
      this.showTime();
      analyser.getFloatTimeDomainData(samples);
      let sum = 0;
      for (const sample of samples) {
        sum += sample * sample;
        peak = Math.max(peak, Math.abs(sample));
      }
      const level = 10 * Math.log10(sum / samples.length + 1e-12);
      loudest = Math.max(loudest, level);
      meter.value = 100 * Math.min(Math.max(1 - level / FLOOR, 0), 1);
      if (performance.now() - judged < WORD_EVERY) return;
      const isLoud = 20 * Math.log10(peak + 1e-6) > LOUD;
      const sentence = isLoud ? this.words.loud : loudest < SOFT ? this.words.soft : this.words.good;
      if (word.textContent !== sentence) word.textContent = meter.textContent = sentence;
      [loudest, peak, judged] = [-Infinity, 0, performance.now()];
    };
    look();
  }

  showTime() {
    const isRunning = this.media?.state === "recording";
    const seconds = (this.before + (isRunning ? performance.now() - this.since : 0)) / 1000;
    const text = clock(seconds);
    const element = this.querySelector("[data-time]");
    if (element.textContent !== text) element.textContent = text;
    if (seconds >= Number(this.words.maxSeconds)) this.end(this.words.full);
  }

  show(state) {
    const isOn = state === "recording" || state === "paused";
    for (const [act, isShown] of Object.entries({
      start: !isOn,
      pause: state === "recording",
      resume: state === "paused",
      stop: isOn,
    })) {
      this.button(act).hidden = !isShown;
    }
    for (const element of this.querySelectorAll("[data-when]")) {
      element.hidden = element.dataset.when !== (state === "recorded" ? "recorded" : "idle");
    }
    this.querySelector(".recorder__time").hidden = false;
    this.querySelector(".recorder__level").hidden = !isOn;
    this.dataset.state = state;
  }

  say(sentence) {
    this.querySelector("[data-note]").textContent = sentence;
    this.querySelector("[data-status]").textContent = sentence;
  }

  complain(word) {
    this.release();
    this.say(this.words[word]);
  }

  inWords(seconds) {
    const whole = Math.round(seconds);
    return this.words.minutes.replace("{minutes}", Math.floor(whole / 60)).replace("{seconds}", whole % 60);
  }

  button(act) {
    return this.querySelector(`[data-act=${act}]`);
  }
}

/** Why this browser cannot record here; empty where it can. */
function unable() {
  if (!window.isSecureContext) return "unsafe";
  return navigator.mediaDevices?.getUserMedia && window.MediaRecorder && window.AudioContext ? "" : "unable";
}

/** The word for what getUserMedia says. */
function reason(error) {
  if (error.name === "NotAllowedError" || error.name === "SecurityError") return "denied";
  if (error.name === "NotFoundError" || error.name === "OverconstrainedError") return "absent";
  return error.name === "NotReadableError" || error.name === "AbortError" ? "busy" : "failed";
}

/** 65.2 → "1:05". */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const padded = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${padded(minutes)}:${padded(rest)}` : `${minutes}:${padded(rest)}`;
}

/** A moment of the device's own time as "2026-11-21-0931". */
function stamp(moment) {
  const local = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16).replace("T", "-").replace(":", "");
}

customElements.define("mic-recorder", Recorder);
