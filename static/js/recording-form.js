// The form that makes a dot from a recording. Its script records, lets listen, and sends the sound straight to the
// storage before the form itself goes; without it the form carries the file.

import "./recorder.js";
import { Server, Transfer, presentToken } from "./transfer.js";
import { progressInWords } from "./transfer-words.js";

const form = document.querySelector(".recording-form");
const words = form.dataset;
const settings = JSON.parse(document.getElementById("upload-settings").textContent);
// What can go wrong on the way, in the words of somebody who has just recorded something that is nowhere else.
const transferWords = { ...settings.words, network: words.cutOff, session: words.signedOut };
const fields = form.elements;
const recorder = form.querySelector("mic-recorder");
const takeBox = form.querySelector(".recording-source__take");
const player = takeBox.querySelector("audio");
const sending = form.querySelector(".sending");
const bar = sending.querySelector("progress");
const status = document.getElementById("recording-status");
const submitButton = form.querySelector("[type=submit]");

let take = null; // { blob, name }: what has been recorded or chosen and not been sent yet
let transfer = null; // of the take, from the first sending on; kept for the next one
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
  const former = transfer;
  [take, transfer] = [next, null];
  former?.giveUp();
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
  if (take && take.blob.size > settings.mostBytes) return [words.tooLarge, way];
  if (take && !take.blob.size) return [words.empty, way];
  if (!fields.language.value) return [words.noLanguage, fields.language];
  return null;
}

const server = new Server(words.signUrl, "audio", fields.csrfmiddlewaretoken.value, transferWords);

/** Send the take, or what is missing of it. */
function sendTake() {
  if (!transfer) {
    const own = (transfer = new Transfer(take.blob, take.name, server, transferWords));
    // Another recording may have taken its place in the meantime.
    own.addEventListener("progress", () => own === transfer && drawProgress());
    own.addEventListener("state", () => own === transfer && changed());
  }
  transfer.start();
}

let told = -1; // quarters that were said aloud

function drawProgress() {
  const percent = Math.floor((100 * transfer.sent) / transfer.file.size);
  bar.value = percent;
  const sentence = words.sending.replace("{percent}", percent);
  document.getElementById("sending-text").textContent = `${sentence} · ${progressInWords(transfer, transferWords)}`;
  if (Math.floor(percent / 25) > told) {
    told = Math.floor(percent / 25);
    status.textContent = sentence;
  }
}

function changed() {
  const { state } = transfer;
  showSending({ isRunning: !transfer.isOver, isBad: state === "failed" });
  if (state === "sending") {
    told = -1;
    drawProgress();
  } else if (state === "checking") {
    tell(words.checking);
  } else if (state === "done") {
    sendForm();
  } else {
    tell(state === "cancelled" ? words.cancelled : transfer.error.message);
    sending.querySelector("[data-act=again]").focus();
  }
}

function sendForm() {
  fields.upload_id.value = transfer.uploadId;
  fields.file.value = "";
  // Whoever has signed in again in another tab has another token by now.
  fields.csrfmiddlewaretoken.value = presentToken() || fields.csrfmiddlewaretoken.value;
  isLeaving = true;
  showSending({ isRunning: true }); // until the next page is there
  form.submit();
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
  if (act === "stop") transfer?.cancel();
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
