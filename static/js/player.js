// The player: puts large controls in the place of the browser's own, and marks the spoken phrase in the transcript.
// Knows nothing of who counts; others listen to its <audio>.

const STEP = 10; // seconds
const LARGE_STEP = 30;
// Keys that these use themselves.
const OWN_KEYS = "a, button, input, select, textarea, summary, audio, [contenteditable]";

class Player extends HTMLElement {
  connectedCallback() {
    this.audio = this.querySelector("audio");
    this.toggleButton = this.querySelector("[data-act=toggle]");
    this.seekBar = this.querySelector(".player__seek");
    this.status = this.querySelector(".player__status");
    this.leaving = new AbortController();
    this.startedByItself = false;
    this.spell = speller(this.closest("[lang]")?.lang || document.documentElement.lang);

    // These plays are told by events; the address without this is counted when it is asked for.
    const address = new URL(this.audio.src);
    if (!address.searchParams.has("events")) {
      address.searchParams.set("events", "1");
      this.audio.src = address.href;
    }
    // Where plays are counted down, asking for the audio is one: not before somebody wants to hear it.
    this.audio.preload = "asksLate" in this.dataset ? "none" : "metadata";
    this.audio.controls = false;
    this.audio.hidden = true;
    this.querySelector(".player__controls").hidden = false;
    this.takeTranscript();
    this.listen();
    this.draw();
    if ("autoplay" in this.dataset) this.startByItself();
  }

  disconnectedCallback() {
    this.leaving.abort();
  }

  get duration() {
    return Number.isFinite(this.audio.duration) ? this.audio.duration : Number(this.dataset.duration);
  }

  listen() {
    const { signal } = this.leaving;
    const on = (target, events, act) => {
      for (const event of events.split(" ")) target.addEventListener(event, act, { signal });
    };
    on(this, "click", (event) => {
      const act = event.target.closest("[data-act]")?.dataset.act;
      if (act === "toggle") this.toggle();
      else if (act === "back") this.seek(this.audio.currentTime - STEP);
      else if (act === "forward") this.seek(this.audio.currentTime + STEP);
      else if (act === "previous") this.seekPhrase(-1);
      else if (act === "next") this.seekPhrase(1);
    });
    on(this.audio, "play pause ended", () => this.drawState());
    on(this.audio, "timeupdate seeked loadedmetadata", () => this.draw());
    on(this.audio, "playing", () => (this.status.textContent = ""));
    on(this.audio, "error", () => (this.status.textContent = this.dataset.failed));
    on(this.seekBar, "input", () => this.seek(Number(this.seekBar.value)));
    on(this.seekBar, "keydown", (event) => this.seekByKey(event));
    on(this.querySelector("[data-speed]"), "change", (event) => (this.audio.playbackRate = Number(event.target.value)));
    on(this.querySelector("[data-volume]"), "input", (event) => (this.audio.volume = event.target.value / 100));
    on(document, "keydown", (event) => this.key(event));
  }

  // --- Acts ---

  async start() {
    try {
      if (this.audio.error) this.audio.load();
      await this.audio.play();
    } catch (error) {
      if (error.name !== "AbortError") this.status.textContent = this.dataset.failed;
    }
  }

  async startByItself() {
    try {
      this.startedByItself = true;
      await this.audio.play();
    } catch (error) {
      this.startedByItself = false;
      if (error.name !== "NotAllowedError") return;
      this.toggleButton.focus();
      this.status.textContent = this.dataset.blocked;
    }
  }

  toggle() {
    this.startedByItself = false;
    if (this.audio.paused) this.start();
    else this.audio.pause();
  }

  seek(seconds) {
    this.audio.currentTime = Math.min(Math.max(seconds, 0), this.duration);
    this.draw();
    this.sayPosition();
  }

  seekPhrase(direction) {
    const starts = this.phrases.map((phrase) => phrase.start);
    const now = this.audio.currentTime;
    if (!starts.length) return this.seek(now + direction * STEP);
    let index = latest(starts, now);
    // “Previous” in the middle of a phrase goes to its beginning, as every player does.
    if (direction > 0 || now - (starts[index] ?? 0) < 1.5) index += direction;
    if (index < starts.length) this.seek(starts[Math.max(index, 0)]);
  }

  seekByKey(event) {
    const steps = { ArrowRight: STEP, ArrowUp: STEP, ArrowLeft: -STEP, ArrowDown: -STEP, PageUp: LARGE_STEP, PageDown: -LARGE_STEP };
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.seek(this.audio.currentTime + steps[event.key]);
  }

  key(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const isOwn = event.target instanceof Element && event.target.matches(OWN_KEYS);
    if (event.key === "Escape" && !this.audio.paused) {
      event.preventDefault();
      this.startedByItself = false;
      this.audio.pause();
    } else if (event.key === " ") {
      // What began by itself stops at once, wherever the focus is; the play button does so by its own click.
      const mustStop = this.startedByItself && !this.audio.paused && event.target !== this.toggleButton;
      if (isOwn && !mustStop) return;
      event.preventDefault();
      this.toggle();
    } else if (!isOwn && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      event.preventDefault();
      this.seek(this.audio.currentTime + (event.key === "ArrowRight" ? STEP : -STEP));
    }
  }

  // --- Transcript ---

  takeTranscript() {
    const transcript = document.getElementById(this.dataset.transcript);
    this.phrases = [...(transcript?.querySelectorAll("[data-start]") ?? [])].map((element) => ({
      element,
      start: Number(element.dataset.start),
    }));
    if (!this.phrases.length) {
      for (const act of ["previous", "next"]) this.querySelector(`[data-act=${act}]`).hidden = true;
      return;
    }
    transcript.classList.add("is-live");
    transcript.addEventListener(
      "click",
      (event) => {
        const start = event.target.closest("[data-start]")?.dataset.start;
        // Marking text to copy it is no wish to hear it.
        if (start === undefined || String(getSelection())) return;
        this.seek(Number(start));
        this.start();
      },
      { signal: this.leaving.signal },
    );
  }

  markPhrase() {
    const spoken = this.phrases[latest(this.phrases.map((phrase) => phrase.start), this.audio.currentTime + 0.05)];
    const element = this.audio.currentTime > 0 || !this.audio.paused ? spoken?.element : undefined;
    if (element === this.marked) return;
    const follow = this.marked ? isInView(this.marked) : false;
    this.marked?.removeAttribute("aria-current");
    element?.setAttribute("aria-current", "true");
    this.marked = element;
    // Only along with readers who have the voice's place before their eyes.
    if (follow && element) element.scrollIntoView({ block: "nearest" });
  }

  // --- Drawing ---

  drawState() {
    const isPlaying = !this.audio.paused && !this.audio.ended;
    this.classList.toggle("is-playing", isPlaying);
    this.toggleButton.setAttribute("aria-label", isPlaying ? this.dataset.pause : this.dataset.play);
    this.draw();
  }

  draw() {
    const now = this.audio.currentTime;
    const { duration } = this;
    this.seekBar.max = duration;
    this.seekBar.value = now;
    this.style.setProperty("--heard", `${duration ? (100 * now) / duration : 0}%`);
    this.querySelector("[data-now]").textContent = clock(now);
    this.querySelector("[data-total]").textContent = clock(duration);
    // A screen reader on the bar would read each second aloud.
    if (document.activeElement !== this.seekBar) this.sayPosition();
    this.markPhrase();
  }

  sayPosition() {
    const said = this.dataset.of
      .replace("{position}", this.spell(this.audio.currentTime))
      .replace("{duration}", this.spell(this.duration));
    this.seekBar.setAttribute("aria-valuetext", said);
  }
}

/** 65.2 → "1:05"; 3665 → "1:01:05". */
function clock(seconds) {
  const whole = Math.floor(seconds || 0);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const padded = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${padded(minutes)}:${padded(rest)}` : `${minutes}:${padded(rest)}`;
}

/** A function that says seconds in words of a language: 65.2 → "1 minute 5 seconds". */
function speller(language) {
  const say = (number, unit) =>
    new Intl.NumberFormat(language || undefined, { style: "unit", unit, unitDisplay: "long" }).format(number);
  return (seconds) => {
    const whole = Math.floor(seconds || 0);
    const minutes = Math.floor(whole / 60);
    return (minutes ? `${say(minutes, "minute")} ` : "") + say(whole % 60, "second");
  };
}

/** The index of the last of some rising numbers that is not above a limit; -1 where all are. */
function latest(numbers, limit) {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function isInView(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

customElements.define("mic-player", Player);
