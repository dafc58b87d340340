// The pages of files: sends what is dropped, pasted or chosen, shows the share link in a dialog, copies it.
// Each part works without this module: as a form, a link, a page of its own.

import { Server, Transfer, TransferError } from "./transfer.js";
import { fill, inWords, progressInWords } from "./transfer-words.js";

const SENT_AT_ONCE = 3;
const REFRESH_AGAIN = 3000; // milliseconds
const settings = JSON.parse(document.getElementById("upload-settings").textContent);
const { words } = settings;

// --- Sending -------------------------------------------------------------------------------------
class Uploader {
  constructor(section) {
    this.form = section.querySelector("form");
    this.input = section.querySelector("input[type=file]");
    this.list = section.querySelector("#transfers");
    this.template = section.querySelector("#transfer-template");
    this.announcer = section.querySelector("#upload-announcer");
    this.server = new Server(this.form.dataset.sign, "files", this.form.elements.csrfmiddlewaretoken.value, words);
    this.transfers = new Map(); // transfer → its row
    this.hasNews = false; // something was stored that the list does not show yet
    this.form.querySelector("[data-plain]").hidden = true;
    this.form.querySelector("[data-scripted]").hidden = false;
    this.listen();
  }

  listen() {
    this.input.addEventListener("change", () => {
      this.add(this.input.files);
      this.form.reset();
    });
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.act(event));

    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    let depth = 0; // elements that were entered and not left
    const mark = (change) => {
      depth = Math.max(0, depth + change);
      document.body.classList.toggle("is-dropping", depth > 0);
    };
    document.addEventListener("dragenter", (event) => hasFiles(event) && mark(1));
    document.addEventListener("dragleave", (event) => hasFiles(event) && mark(-1));
    document.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
    document.addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      mark(-depth);
      this.add(event.dataTransfer.files);
    });
    document.addEventListener("paste", (event) => {
      if (event.clipboardData?.files.length) this.add(event.clipboardData.files);
    });
    // What a cut connection stopped goes on by itself when it is back.
    window.addEventListener("online", () => {
      for (const transfer of this.transfers.keys()) if (transfer.state === "failed" && transfer.error?.network) this.retry(transfer);
    });
    window.addEventListener("beforeunload", (event) => {
      if (this.isBusy) event.preventDefault();
    });
  }

  get isBusy() {
    return [...this.transfers.keys()].some((transfer) => !transfer.isOver);
  }

  add(files) {
    const added = [...files];
    if (!added.length) return;
    this.announce(fill(words.begun, { count: added.length }));
    for (const file of added) this.addOne(file);
    this.next();
  }

  addOne(file) {
    const row = this.template.content.firstElementChild.cloneNode(true);
    row.querySelector(".transfer__name").textContent = file.name;
    row.querySelector("progress").setAttribute("aria-label", file.name);
    this.list.append(row);
    const transfer = new Transfer(file, file.name, this.server, words);
    this.transfers.set(transfer, row);
    transfer.addEventListener("progress", () => this.draw(transfer));
    transfer.addEventListener("state", () => this.changed(transfer));
    const reason = this.refusal(file);
    if (reason) {
      transfer.error = new TransferError(reason);
      transfer.tell("failed");
    } else {
      this.draw(transfer);
    }
  }

  /** Why a file need not be sent at all; the server has the last word on the others. */
  refusal(file) {
    if (!file.size) return words.empty;
    return file.size > settings.mostBytes ? fill(words.tooLarge, { limit: inWords(settings.mostBytes) }) : "";
  }

  next() {
    const all = [...this.transfers.keys()];
    let free = SENT_AT_ONCE - all.filter((transfer) => ["sending", "checking"].includes(transfer.state)).length;
    for (const transfer of all) {
      if (free <= 0) break;
      if (transfer.state !== "waiting") continue;
      free -= 1;
      transfer.start();
    }
  }

  retry(transfer) {
    transfer.state = "waiting";
    this.draw(transfer);
    this.next();
  }

  act(event) {
    const act = event.target.closest("[data-act]")?.dataset.act;
    const row = event.target.closest(".transfer");
    const transfer = [...this.transfers].find(([, its]) => its === row)?.[0];
    if (!act || !transfer) return;
    if (act === "cancel") transfer.cancel();
    else if (act === "retry") {
      this.retry(transfer);
      row.querySelector("[data-act=cancel]").focus();
    } else {
      transfer.giveUp();
      this.transfers.delete(transfer);
      row.remove();
      this.input.focus(); // the button went with its row
    }
  }

  changed(transfer) {
    this.draw(transfer);
    const { name } = transfer.file;
    if (transfer.state === "done") this.announce(fill(words.saidDone, { name }));
    else if (transfer.state === "failed") this.announce(fill(words.saidFailed, { name, reason: transfer.error.message }));
    else if (transfer.state === "cancelled") this.announce(fill(words.saidCancelled, { name }));
    if (!transfer.isOver) return;
    this.hasNews ||= transfer.state === "done";
    this.next();
    if (this.hasNews) this.refresh();
  }

  draw(transfer) {
    const row = this.transfers.get(transfer);
    if (!row) return;
    const { state, file } = transfer;
    const share = file.size ? transfer.sent / file.size : 0;
    row.className = `transfer is-${state}`;
    row.querySelector("progress").value = Math.round(100 * share);
    row.querySelector(".progress__text").textContent = this.text(transfer);
    const show = (act, isShown) => (row.querySelector(`[data-act=${act}]`).hidden = !isShown);
    const canRetry = state === "cancelled" || (state === "failed" && !this.refusal(file));
    const hadFocus = row.contains(document.activeElement);
    show("cancel", !transfer.isOver);
    show("retry", canRetry);
    show("dismiss", transfer.isOver);
    // The button that had the focus is gone: go on at the one that took its place.
    if (hadFocus && (!row.contains(document.activeElement) || document.activeElement.hidden)) row.querySelector("[data-act]:not([hidden])").focus();
    if (state === "done" && transfer.address) this.link(row, transfer);
    if (state === "sending" && share >= 0.5 && !row.dataset.half) {
      row.dataset.half = "yes";
      if (transfer.secondsLeft > 5) this.announce(fill(words.saidHalf, { name: file.name }));
    }
  }

  link(row, transfer) {
    const link = document.createElement("a");
    link.href = transfer.address;
    link.textContent = transfer.file.name;
    row.querySelector(".transfer__name").replaceChildren(link);
  }

  text(transfer) {
    if (transfer.state === "failed") return transfer.error.message;
    return transfer.state === "sending" ? progressInWords(transfer, words) : words[transfer.state];
  }

  announce(sentence) {
    this.announcer.textContent = sentence;
  }

  /** Show below what has come in, at once and without touching what somebody is typing into the search. */
  async refresh() {
    if (this.isRefreshing) return;
    this.isRefreshing = true;
    this.hasNews = false;
    const before = document.getElementById("files");
    const focused = pathOf(document.activeElement);
    const others = ["#usage", "#files-count:innerHTML", "#storage-full:innerHTML"];
    // The first file brings the search with it.
    if (!document.querySelector("#files-search form")) others.push("#files-search");
    try {
      // From the uploads, not from the page: a search is not under way.
      await window.htmx.ajax("GET", location.href, { source: this.list, target: "#files", select: "#files", swap: "outerHTML", selectOOB: others.join() });
    } catch {
      // Told by what is still there.
    }
    this.isRefreshing = false;
    if (focused && document.activeElement === document.body) elementAt(focused)?.focus();
    if (before.isConnected) {
      // The connection was lost between the file and the list, or the site is restarting.
      this.hasNews = true;
      setTimeout(() => this.hasNews && this.refresh(), REFRESH_AGAIN);
    } else if (this.hasNews) {
      this.refresh();
    }
  }
}

/** Where a link or button of the list leads: it is another element after an exchange, and leads to the same place. */
function pathOf(element) {
  if (!element?.closest("#files")) return "";
  return element.getAttribute("href") ?? element.form?.getAttribute("action") ?? "";
}

function elementAt(path) {
  const all = [...document.querySelectorAll("#files :is(a, button)")];
  return all.find((element) => pathOf(element) === path);
}

const section = document.getElementById("uploader");
if (section) new Uploader(section);

// --- Share ---------------------------------------------------------------------------------------
const dialog = document.getElementById("share-dialog");

async function showInDialog(link) {
  await window.htmx.ajax("GET", link.href, { target: "#share-dialog-body", select: "#share", swap: "innerHTML" });
  if (dialog.querySelector("#share")) dialog.showModal();
  else location.assign(link.href); // not answered as expected: the page itself can say why
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-dialog]");
  const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
  if (link && dialog && isPlain) {
    event.preventDefault();
    showInDialog(link);
  }
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = words.copied;
  } catch {
    // Browsers give the clipboard to safe addresses only; the link is marked for the visitor's own Ctrl-C.
    getSelection().selectAllChildren(button.previousElementSibling);
    button.textContent = words.notCopied;
  }
}

function showScriptedButtons() {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
}

document.addEventListener("htmx:afterSettle", showScriptedButtons);
showScriptedButtons();
