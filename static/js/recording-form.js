// The form that makes a dot from a recording. Its script records, lets listen, and sends the sound straight to the
// storage before the form itself goes; without it the form carries the file.

import "./recorder.js";
import { CutOff, Refused, SignedOut, send } from "./sending.js";

const form = document.querySelector(".recording-form");
const words = form.dataset;
const fields = form.elements;
const recorder = form.querySelector("mic-recorder");
const takeBox = form.querySelector(".recording-source__take");
const player = takeBox.querySelector("audio");
const sending = form.querySelector(".sending");
const bar = sending.querySelector("progress");
const status = document.getElementById("recording-status");
const submitButton = form.querySelector("[type=submit]");

let take = null; // { blob, name }: what has been recorded or chosen and not been sent yet
let job = null; // the sending under way
let isLeaving = false;

// --- Where the recording comes from -------------------------------------------------------------

function showWay(way) {
  for (const part of form.querySelectorAll("[data-way]")) {
    const isChosen = part.dataset.way === way;
    part.hidden = !isChosen;
    for (const field of part.querySelectorAll("input, select")) field.disabled = !isChosen;
  }
  if (way !== "record" && recorder.isRecording) recorder.stop();
  if (way === "picked") setTake(null);
  else if (way === "file") takeChosenFile();
  else setTake(recorded);
}

let recorded = null;
recorder.addEventListener("take", ({ detail }) => {
  recorded = detail;
  if (fields.way.value === "record") setTake(recorded);
});

function takeChosenFile() {
  const file = fields.file.files[0];
  setTake(file ? { blob: file, name: file.name } : null);
}

function setTake(next) {
  if (take === next) return;
  take = next;
  job?.abort();
  hideSending();
  if (player.src) URL.revokeObjectURL(player.src);
  takeBox.hidden = !take;
  if (!take) return player.removeAttribute("src");
  document.getElementById("take-name").textContent = take.name;
  player.src = URL.createObjectURL(take.blob);
}

// Browsers write no duration into what they record: once at its end, the player knows it.
player.addEventListener("loadedmetadata", () => {
  if (player.duration !== Infinity) return;
  player.addEventListener("timeupdate", () => (player.currentTime = 0), { once: true });
  player.currentTime = 1e9;
});

// --- Sending ------------------------------------------------------------------------------------

function tell(sentence) {
  document.getElementById("sending-text").textContent = sentence;
  status.textContent = sentence;
}

function showSending({ isRunning, isBad = false }) {
  sending.hidden = false;
  sending.classList.toggle("alert--error", isBad);
  bar.hidden = !isRunning;
  sending.querySelector("[data-act=stop]").hidden = !isRunning;
  sending.querySelector("[data-act=again]").hidden = isRunning || !take;
  submitButton.disabled = isRunning;
}

function hideSending() {
  sending.hidden = true;
  submitButton.disabled = false;
}

/** What keeps the form from going, and the field to mend it in. */
function trouble() {
  const way = form.querySelector(`[data-way="${fields.way.value}"] :is(input, select, button)`);
  const isPicked = fields.way.value === "picked" && fields.picked.value;
  if (!take && !isPicked && !fields.upload_id.value) return [words.nothing, way];
  if (take && take.blob.size > Number(words.maxBytes)) return [words.tooLarge, way];
  if (take && !take.blob.size) return [words.empty, way];
  if (!fields.language.value) return [words.noLanguage, fields.language];
  return null;
}

async function sendTake() {
  const sent = take;
  const own = (job = new AbortController());
  let told = -1;
  bar.value = 0;
  showSending({ isRunning: true });
  tell(words.sending.replace("{percent}", 0));
  try {
    const uploadId = await send(sent.blob, sent.name, {
      signUrl: words.signUrl,
      token: fields.csrfmiddlewaretoken.value,
      type: typeOf(sent),
      signal: own.signal,
      onProgress: (share) => {
        const percent = Math.floor(100 * share);
        bar.value = percent;
        const sentence = words.sending.replace("{percent}", percent);
        document.getElementById("sending-text").textContent = sentence;
        // Aloud in quarters only.
        if (Math.floor(percent / 25) > told) {
          told = Math.floor(percent / 25);
          status.textContent = sentence;
        }
      },
      onSent: () => tell(words.checking),
    });
    fields.upload_id.value = uploadId;
    fields.file.value = "";
    isLeaving = true;
    form.submit();
  } catch (error) {
    if (take !== sent) return; // another recording has taken its place
    showSending({ isRunning: false, isBad: error.name !== "AbortError" });
    if (error.name === "AbortError") tell(words.cancelled);
    else if (error instanceof SignedOut) tell(words.signedOut);
    else if (error instanceof Refused) tell(error.message);
    else tell(words.cutOff);
    if (!(error instanceof CutOff || error instanceof Refused || error instanceof SignedOut || error.name === "AbortError")) throw error;
    sending.querySelector("[data-act=again]").focus();
  }
}

// Browsers call one type by many names; a name that nobody knows is judged by its ending.
const NAMES = {
  "audio/mp3": "audio/mpeg",
  "audio/x-wav": "audio/wav",
  "audio/wave": "audio/wav",
  "audio/vnd.wave": "audio/wav",
  "audio/x-m4a": "audio/mp4",
  "audio/m4a": "audio/mp4",
  "audio/x-flac": "audio/flac",
  "audio/opus": "audio/ogg",
  "application/ogg": "audio/ogg",
  "video/webm": "audio/webm",
  "video/mp4": "audio/mp4",
};
const ENDINGS = {
  mp3: "audio/mpeg",
  wav: "audio/wav",
  m4a: "audio/mp4",
  mp4: "audio/mp4",
  ogg: "audio/ogg",
  oga: "audio/ogg",
  opus: "audio/ogg",
  webm: "audio/webm",
  weba: "audio/webm",
  flac: "audio/flac",
};

function typeOf({ blob, name }) {
  const said = blob.type.split(";")[0].toLowerCase();
  const ending = name.split(".").pop().toLowerCase();
  return NAMES[said] ?? (said.startsWith("audio/") ? said : (ENDINGS[ending] ?? said));
}

form.addEventListener("submit", (event) => {
  if (recorder.isRecording) {
    event.preventDefault(); // first to be listened to
    recorder.stop();
    return;
  }
  const wrong = trouble();
  if (wrong) {
    event.preventDefault();
    const [sentence, field] = wrong;
    showSending({ isRunning: false, isBad: true });
    sending.querySelector("[data-act=again]").hidden = true;
    tell(sentence);
    field?.focus();
    return;
  }
  if (take) {
    event.preventDefault();
    if (!submitButton.disabled) sendTake();
    return;
  }
  isLeaving = true;
});

sending.addEventListener("click", (event) => {
  const act = event.target.closest("[data-act]")?.dataset.act;
  if (act === "stop") job?.abort();
  if (act === "again" && take) sendTake();
});

// What was recorded is nowhere else yet.
addEventListener("beforeunload", (event) => {
  if ((recorded && !isLeaving) || recorder.isRecording) event.preventDefault();
});
// The back button shows the page as it was left: it can be sent again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  isLeaving = false;
  hideSending();
});

// --- Begin --------------------------------------------------------------------------------------

form.querySelector(".recording-source__ways").hidden = false;
for (const radio of form.querySelectorAll("[name=way]")) radio.addEventListener("change", () => showWay(radio.value));
fields.file.addEventListener("change", takeChosenFile);
// After an error the form comes back with what was picked.
const first = fields.picked?.value ? "picked" : fields.file.getAttribute("aria-invalid") === "true" ? "file" : "record";
document.getElementById(`way-${first}`).checked = true;
showWay(first);
