// Captions, cue by cue: hear each one, set its times while listening, split, join, shift. What is edited here is
// written into the form's text field, which is what the page sends; without this script it is edited there.

import { parse, toVtt, toTime, readTime } from "./webvtt.js";

const NUDGE = 0.1; // seconds
const GRACE = 0.5; // seconds that a cue may end after the audio, as the server has it
// Control characters, which come along unseen when text is pasted, as the server has them.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

class CaptionEditor extends HTMLElement {
  connectedCallback() {
    this.words = this.dataset;
    this.area = document.getElementById(this.words.for);
    this.form = this.area.form;
    this.audio = document.getElementById(this.words.audio);
    this.list = this.querySelector("ol");
    this.rowTemplate = this.querySelector("template");
    this.status = this.querySelector("[role=status]");
    const cues = parse(this.area.value);
    if (!cues) return; // what cannot be read is mended as text
    this.draw(cues);
    this.hidden = false;
    this.text = this.area.closest(".field");
    this.text.hidden = true;
    this.addEventListener("click", (event) => this.click(event));
    this.addEventListener("input", (event) => this.input(event));
    this.addEventListener("keydown", (event) => this.key(event));
    this.audio.addEventListener("timeupdate", () => this.follow());
    this.audio.addEventListener("pause", () => this.showPlaying(null));
    this.form.addEventListener("submit", (event) => this.submit(event));
    // The summary above the form names the text field, which is not to be seen here.
    document.getElementById("error-summary")?.addEventListener("click", (event) => {
      if (!event.target.closest(`a[href="#${this.area.id}"]`)) return;
      event.preventDefault();
      this.placeToMend().focus();
    });
    // Refused by the server: go to what it means. Where this script sees nothing wrong, the summary keeps the focus.
    if (this.area.getAttribute("aria-invalid") === "true") this.refuse(this.words.wrong);
    addEventListener("beforeunload", (event) => {
      if (this.isChanged && !this.isSent) event.preventDefault();
    });
  }

  get rows() {
    return [...this.list.children];
  }

  get duration() {
    return Number(this.words.duration);
  }

  // --- Drawing ---

  draw(cues) {
    this.list.replaceChildren(...cues.map((cue) => this.row(cue)));
    this.number();
  }

  row({ start, end, text }) {
    const row = this.rowTemplate.content.firstElementChild.cloneNode(true);
    row.querySelector("[data-field=start]").value = toTime(start);
    row.querySelector("[data-field=end]").value = toTime(end);
    row.querySelector("[data-field=text]").value = text;
    return row;
  }

  /** Number the cues; every control says which one it belongs to. */
  number() {
    this.rows.forEach((row, index) => {
      const title = this.words.cue.replace("{n}", index + 1);
      row.querySelector("[role=group]").setAttribute("aria-label", title);
      row.querySelector("[data-number]").textContent = index + 1;
      row.querySelector("[data-act=merge]").disabled = index === this.list.children.length - 1;
      for (const field of row.querySelectorAll("input, textarea")) {
        field.id = `cue-${index + 1}-${field.dataset.field}`;
        const label = row.querySelector(`[data-label=${field.dataset.field}]`);
        label.htmlFor = field.id;
        const trouble = row.querySelector(".caption-row__trouble");
        trouble.id = `cue-${index + 1}-trouble`;
      }
    });
    this.querySelector("[data-empty]").hidden = this.list.children.length > 0;
    this.querySelector("[data-count]").textContent =
      this.list.children.length === 1 ? this.words.one : this.words.many.replace("{n}", this.list.children.length);
  }

  // --- What a row says ---

  cueOf(row) {
    const value = (name) => row.querySelector(`[data-field=${name}]`).value;
    return { start: readTime(value("start")), end: readTime(value("end")), text: value("text").split(/\s+/).filter(Boolean).join(" ") };
  }

  setTime(row, name, seconds) {
    row.querySelector(`[data-field=${name}]`).value = toTime(Math.max(seconds, 0));
    this.changed();
  }

  changed() {
    this.isChanged = true;
  }

  // --- Acts ---

  click(event) {
    const button = event.target.closest("[data-act]");
    if (!button) return;
    const row = button.closest("li");
    const act = button.dataset.act;
    if (act === "play") this.play(row);
    else if (act === "start-now") this.setNow(row, "start");
    else if (act === "end-now") this.setNow(row, "end");
    else if (act === "split") this.split(row);
    else if (act === "merge") this.merge(row);
    else if (act === "delete") this.delete(row);
    else if (act === "add") this.add(row);
    else if (act === "shift") this.shift();
  }

  input(event) {
    if (event.target.closest("li")) this.changed();
    // While typing, and not when the field is left: the button that is being pressed must not move away.
    if (this.querySelector(".caption-row__trouble:not([hidden])")) this.judge({ onlyMarked: true });
  }

  key(event) {
    const field = event.target;
    if (event.key === "Enter" && field.matches("input")) event.preventDefault(); // it would send the form
    if (!field.matches("[data-field=start], [data-field=end]") || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const seconds = readTime(field.value);
    if (seconds === null) return;
    event.preventDefault();
    this.setTime(field.closest("li"), field.dataset.field, seconds + (event.key === "ArrowUp" ? NUDGE : -NUDGE));
  }

  /** Play one cue, from its beginning to its end; again: stop. */
  async play(row) {
    if (this.playing === row && !this.audio.paused) return this.audio.pause();
    const { start, end } = this.cueOf(row);
    if (start === null || end === null) return this.refuse(this.words.inCue, row);
    this.audio.currentTime = start;
    this.stopAt = end;
    this.showPlaying(row);
    try {
      await this.audio.play();
    } catch (error) {
      if (error.name !== "AbortError") this.say(this.words.failed);
    }
  }

  follow() {
    if (this.playing && this.stopAt !== null && this.audio.currentTime >= this.stopAt) this.audio.pause();
  }

  showPlaying(row) {
    for (const one of [this.playing, row]) {
      if (!one) continue;
      const isOn = one === row;
      one.classList.toggle("is-playing", isOn);
      one.querySelector("[data-act=play] [data-word]").textContent = isOn ? this.words.stop : this.words.play;
    }
    this.playing = row;
    if (!row) this.stopAt = null;
  }

  setNow(row, name) {
    this.setTime(row, name, this.audio.currentTime);
    this.say(this.words[name === "start" ? "startSet" : "endSet"].replace("{time}", toTime(this.audio.currentTime)));
  }

  /** Cut a cue in two where the text cursor stands, else in its middle; the time is shared by length. */
  split(row) {
    const field = row.querySelector("[data-field=text]");
    const { start, end } = this.cueOf(row);
    const text = field.value;
    const caret = field.selectionStart;
    const at = caret > 0 && caret < text.length ? caret : middleOf(text);
    const parts = [text.slice(0, at).trim(), text.slice(at).trim()];
    if (!parts[0] || !parts[1] || start === null || end === null) return this.say(this.words.unsplit);
    const cut = start + ((end - start) * parts[0].length) / (parts[0].length + parts[1].length);
    const next = this.row({ start: cut, end, text: parts[1] });
    this.setTime(row, "end", cut);
    field.value = parts[0];
    row.after(next);
    this.number();
    next.querySelector("[data-field=text]").focus();
    this.say(this.words.splitDone);
  }

  merge(row) {
    const next = row.nextElementSibling;
    if (!next) return;
    const field = row.querySelector("[data-field=text]");
    field.value = `${field.value.trim()} ${next.querySelector("[data-field=text]").value.trim()}`;
    row.querySelector("[data-field=end]").value = next.querySelector("[data-field=end]").value;
    next.remove();
    this.changed();
    this.number();
    field.focus();
    this.say(this.words.merged);
  }

  delete(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    if (this.playing === row) this.audio.pause();
    row.remove();
    this.changed();
    this.number();
    (next?.querySelector("[data-field=text]") ?? this.addButton).focus();
    this.say(this.words.deleted);
  }

  /** A new cue behind this one (behind the last, without one), in the gap that is there. */
  add(row) {
    const before = row ?? this.list.lastElementChild;
    const start = before ? (this.cueOf(before).end ?? 0) : 0;
    const after = before ? before.nextElementSibling : this.list.firstElementChild;
    const until = after ? (this.cueOf(after).start ?? start) : this.duration;
    const next = this.row({ start, end: Math.max(Math.min(start + 2, until), start), text: "" });
    if (before) before.after(next);
    else this.list.prepend(next);
    this.changed();
    this.number();
    next.querySelector("[data-field=text]").focus();
  }

  /** Move all cues, or those from one on, by some seconds. */
  shift() {
    const by = Number(this.querySelector("[data-field=shift-by]").value.replace(",", ".").replace("−", "-"));
    const from = Number(this.querySelector("[data-field=shift-from]").value || 1);
    const rows = this.rows.slice(Math.max(from - 1, 0));
    if (!Number.isFinite(by) || !by || !rows.length) return this.say(this.words.unshifted);
    for (const row of rows) {
      for (const name of ["start", "end"]) {
        const seconds = this.cueOf(row)[name];
        if (seconds !== null) this.setTime(row, name, seconds + by);
      }
    }
    const wrong = this.judge();
    const sentence = this.words.shifted.replace("{n}", rows.length);
    this.say(wrong ? `${sentence} ${this.inWords(wrong, this.words.inCue)}` : sentence);
  }

  say(sentence) {
    // The same sentence twice is two events.
    this.status.textContent = "";
    requestAnimationFrame(() => (this.status.textContent = sentence));
  }

  // --- Sending ---

  /**
   * Mark what the server would refuse; returns the first row of it, or undefined where everything is right. With
   * `onlyMarked`, rows that were right stay so: nobody is corrected in the middle of a word.
   */
  judge({ onlyMarked = false } = {}) {
    let before = 0;
    for (const row of this.rows) {
      const { start, end, text } = this.cueOf(row);
      const [name, sentence] =
        start === null ? ["start", this.words.badTime]
        : end === null ? ["end", this.words.badTime]
        : !text ? ["text", this.words.noText]
        : UNSEEN.test(text) ? ["text", this.words.badText]
        : end <= start ? ["end", this.words.backwards]
        : start < before - 0.0005 ? ["start", this.words.overlaps]
        : end > this.duration + GRACE ? ["end", this.words.late]
        : ["", ""];
      if (end !== null) before = end;
      const trouble = row.querySelector(".caption-row__trouble");
      if (onlyMarked && trouble.hidden) continue;
      trouble.textContent = sentence;
      trouble.hidden = !sentence;
      for (const field of row.querySelectorAll("input, textarea")) {
        if (field.dataset.field === name) {
          field.setAttribute("aria-invalid", "true");
          field.setAttribute("aria-describedby", trouble.id);
        } else {
          field.removeAttribute("aria-invalid");
          field.removeAttribute("aria-describedby");
        }
      }
    }
    return this.rows.find((row) => !row.querySelector(".caption-row__trouble").hidden);
  }

  /** Go to what is wrong, and say it; returns whether something is. */
  refuse(pattern, row) {
    const first = this.judge();
    const wrong = row && !row.querySelector(".caption-row__trouble").hidden ? row : first;
    if (!wrong) return false;
    // The field's own description says it again, to those whose screen reader reads descriptions.
    this.placeToMend(wrong).focus();
    this.say(this.inWords(wrong, pattern));
    return true;
  }

  inWords(row, pattern) {
    const { textContent: sentence } = row.querySelector(".caption-row__trouble");
    return fill(pattern, { n: this.rows.indexOf(row) + 1, sentence });
  }

  /** The field that is marked; without one, where the first cue is or would be made. */
  placeToMend(row = this) {
    return row.querySelector("[aria-invalid=true]") ?? this.querySelector("li [data-field=start]") ?? this.addButton;
  }

  get addButton() {
    return this.querySelector(":scope > .cluster [data-act=add]");
  }

  submit(event) {
    if (!this.rows.length) {
      event.preventDefault();
      this.addButton.focus();
      return this.say(this.words.noCue);
    }
    if (this.refuse(this.words.wrong)) return event.preventDefault();
    this.area.value = toVtt(this.rows.map((row) => this.cueOf(row)));
    this.isSent = true;
  }
}

const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_whole, name) => values[name]);

/** Where a text is best cut in two: the space nearest to its middle. */
function middleOf(text) {
  const middle = Math.floor(text.length / 2);
  const [before, after] = [text.lastIndexOf(" ", middle), text.indexOf(" ", middle)];
  if (before < 0 && after < 0) return middle;
  return before < 0 || (after >= 0 && after - middle < middle - before) ? after : before;
}

customElements.define("caption-editor", CaptionEditor);
