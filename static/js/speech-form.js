// The form that asks for a voice: a counter that knows the price, and a voice picker that can be searched and heard.
// Everything here is a help: the list, the form and "Check the price" work without it.

const PAUSE = /\[pause[ \t]?(\d{1,6}(?:[.,]\d{1,6})?)[ \t]?s\]/gi;
// The same characters that generations/text.py takes off a text's edges.
const EDGE = /[\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb]/;

/** The code points that are paid for, as the server counts them: of the normalised text, without its pause marks. */
export function countCharacters(typed) {
  let text = typed.replace(/\r\n?|\u2028/g, "\n").replace(/\u2029/g, "\n\n").normalize("NFC");
  text = text.split("\n").map(withoutTrailingSpace).join("\n").replace(/\n{3,}/g, "\n\n");
  let start = 0;
  let end = text.length;
  while (start < end && EDGE.test(text[start])) start += 1;
  while (end > start && EDGE.test(text[end - 1])) end -= 1;
  text = text.slice(start, end).replace(PAUSE, "");
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

// Not a pattern with `$`: on a long run of spaces that takes quadratic time.
function withoutTrailingSpace(line) {
  let end = line.length;
  while (end > 0 && line[end - 1] !== "\ufeff" && /\s/.test(line[end - 1])) end -= 1;
  return line.slice(0, end);
}

const numbers = new Intl.NumberFormat(document.documentElement.lang || "en");
const say = (template, n) => template.replace("{n}", numbers.format(n));

function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);
}

function watchPrice(form, text, voice) {
  const counter = document.getElementById("counter");
  const status = document.getElementById("counter-status");
  const balance = Number(form.dataset.balance);
  const words = counter.dataset;
  let waiting = false;

  const part = (sentence, isWrong) => {
    const element = document.createElement(isWrong ? "strong" : "span");
    element.textContent = sentence;
    return element;
  };
  const show = () => {
    waiting = false;
    const { rate = "1", limit = "0" } = voice.selectedOptions[0]?.dataset ?? {};
    const characters = countCharacters(text.value);
    // In thousandths, so that a rate such as 0.1 is multiplied exactly.
    const tokens = Math.ceil((characters * Math.round(Number(rate) * 1000)) / 1000);
    const parts = [
      part(characters === 1 ? words.oneCharacter : say(words.characters, characters)),
      part(tokens === 1 ? words.oneToken : say(words.tokens, tokens)),
      part(say(words.balance, balance)),
    ];
    const wrong = [];
    if (Number(limit) && characters > Number(limit)) wrong.push(say(words.tooLong, characters - Number(limit)));
    if (tokens > balance) wrong.push(say(words.tooDear, tokens - balance));
    parts.push(...wrong.map((sentence) => part(sentence, true)));
    counter.replaceChildren(...parts.flatMap((one, index) => (index ? [" · ", one] : [one])));
    // Read aloud only when something becomes wrong or right again, never at every letter.
    const spoken = wrong.length ? wrong.join(". ") : "";
    if (Boolean(spoken) !== Boolean(status.textContent)) status.textContent = spoken;
  };
  const later = () => {
    if (!waiting) requestAnimationFrame(show);
    waiting = true;
  };
  text.addEventListener("input", later);
  voice.addEventListener("change", later);
  counter.hidden = false;
  form.querySelector("[name=check_price]").hidden = true;
  show();
}

function searchVoices(voice) {
  const search = document.getElementById("voice-search");
  const count = document.getElementById("voice-search-count");
  const groups = [...voice.querySelectorAll("optgroup")].map((group) => ({
    group,
    options: [...group.querySelectorAll("option")].map((option) => ({
      option,
      words: fold(`${group.label} ${option.textContent} ${option.value}`),
    })),
  }));
  const filter = () => {
    const wanted = fold(search.value);
    const picked = voice.value;
    let found = 0;
    const shown = [];
    for (const { group, options } of groups) {
      const fitting = options.filter(({ words }) => wanted.every((want) => words.some((word) => word.startsWith(want))));
      found += fitting.length;
      // What is picked stays in the list, or the form would change without anybody's doing.
      const kept = options.filter((one) => fitting.includes(one) || one.option.value === picked);
      group.replaceChildren(...kept.map(({ option }) => option));
      if (kept.length) shown.push(group);
    }
    voice.replaceChildren(...shown);
    voice.value = picked;
    voice.size = wanted.length ? Math.min(8, Math.max(2, found + shown.length)) : 0;
    const words = count.dataset;
    count.textContent = !wanted.length ? "" : found === 0 ? words.none : found === 1 ? words.one : say(words.many, found);
    return wanted.length ? found : 0;
  };
  search.addEventListener("input", filter);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "ArrowDown") return;
    event.preventDefault(); // Enter would send the form
    if (filter()) voice.focus();
  });
  search.closest("[hidden]").hidden = false;
}

function hearVoice(voice) {
  const button = document.getElementById("voice-listen");
  const audio = new Audio();
  const { play, stop, failed } = button.dataset;
  const silence = () => {
    audio.pause();
    button.textContent = play;
  };
  const follow = () => {
    silence();
    button.hidden = !voice.selectedOptions[0]?.dataset.preview;
  };
  button.addEventListener("click", async () => {
    if (!audio.paused) return silence();
    audio.src = voice.selectedOptions[0].dataset.preview;
    button.textContent = stop;
    try {
      await audio.play();
    } catch (error) {
      if (error.name !== "AbortError") button.textContent = failed;
    }
  });
  audio.addEventListener("ended", silence);
  voice.addEventListener("change", follow);
  follow();
}

const form = document.querySelector(".speech-form");
if (form) {
  const voice = form.elements.namedItem("voice");
  watchPrice(form, form.elements.namedItem("text"), voice);
  searchVoices(voice);
  hearVoice(voice);
}
