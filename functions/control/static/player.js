// A recording's player: its waveform from peaks, keys and pauses as regions on it, and where it is.
import { h, s } from "./dom.js";
import { bars, regionsOf } from "./waveform.js";
import { clock } from "./words.js";

const WIDTH = 1000, HEIGHT = 128, STEP_SECONDS = 10;

function wave(peaks, regions, seconds) {
  const tall = HEIGHT / Math.max(1, peaks.length);
  const x = (at) => (at / seconds) * WIDTH;
  const drawn = (name) => peaks.flatMap((levels, channel) => s("path", { class: name, d: bars(levels, WIDTH, tall, channel * tall) }));
  const clip = s("clipPath", { id: "played" }, s("rect", { x: 0, y: 0, width: 0, height: HEIGHT }));
  const cursor = s("line", { class: "cursor", x1: 0, x2: 0, y1: 0, y2: HEIGHT });
  const picture = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    clip, drawn("peaks"), s("g", { "clip-path": "url(#played)" }, drawn("peaks played")),
    regions.map((each) => s("rect", { class: "region", "data-kind": each.kind, x: x(each.from), y: 0, width: Math.max(4, x(each.to) - x(each.from)), height: HEIGHT },
      s("title", {}, `${clock(each.from)} ${each.text}`))), cursor);
  const at = (place) => {
    clip.firstChild.setAttribute("width", x(place));
    for (const end of ["x1", "x2"]) cursor.setAttribute(end, x(place));
  };
  return { picture, at };
}

// The player of a recording. `link` gives an address that plays it: asked for when somebody wants to hear it, not before.
export function player(recording, call, link) {
  const seconds = recording.audio.seconds || 1;
  const regions = regionsOf(recording, call);
  const { picture, at } = wave(recording.audio.peaks, regions, seconds);
  const audio = h("audio", { preload: "none" });
  const clockFace = h("output", { "aria-live": "off" });
  const slider = h("input", { type: "range", min: 0, max: seconds, step: 0.1, value: 0, "aria-label": "Place in the recording" });
  const play = h("button", { id: "play" }, "▶ Play");
  const trouble = h("p", { role: "alert", hidden: true });

  const shown = () => {
    at(audio.currentTime);
    slider.value = audio.currentTime;
    slider.setAttribute("aria-valuetext", `${clock(audio.currentTime)} of ${clock(seconds)}`);
    clockFace.textContent = `${clock(audio.currentTime)} / ${clock(seconds)}`;
    play.textContent = audio.paused ? "▶ Play" : "❚❚ Pause";
  };
  const failed = (error) => {
    trouble.hidden = false;
    trouble.textContent = `It cannot be played: ${error.message}`;
  };
  const loaded = async () => {
    if (audio.src && !audio.error && Date.now() < audio.until) return;
    const [url, until] = await link();
    const place = audio.currentTime;
    Object.assign(audio, { src: url, until: Date.parse(until) });
    audio.currentTime = place;
  };
  const toggle = async () => {
    try {
      trouble.hidden = true;
      if (!audio.paused) return audio.pause();
      await loaded();
      await audio.play();
    } catch (error) {
      failed(error);
    }
  };
  const seek = async (place) => {
    try {
      await loaded();
      audio.currentTime = Math.min(seconds, Math.max(0, place));
      shown();
    } catch (error) {
      failed(error);
    }
  };
  play.addEventListener("click", toggle);
  slider.addEventListener("change", () => seek(Number(slider.value)));
  for (const event of ["timeupdate", "play", "pause", "seeked", "ended"]) audio.addEventListener(event, shown);
  picture.addEventListener("click", (event) => {
    const { left, width } = picture.getBoundingClientRect();
    seek(((event.clientX - left) / width) * seconds);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, button, a") || event.ctrlKey || event.metaKey || event.altKey) return;
    const does = { " ": toggle, ArrowLeft: () => seek(audio.currentTime - STEP_SECONDS), ArrowRight: () => seek(audio.currentTime + STEP_SECONDS) }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  });
  shown();
  const channels = recording.audio.peaks.length > 1 ? "Above the caller, below the line. " : "";
  const none = recording.audio.peaks.length ? "" : "The format of this recording does not show how loud it is. ";
  return h("div", { class: "player" },
    h("div", { class: "wave" }, picture), slider,
    h("div", { class: "controls" }, play,
      h("button", { type: "button", click: () => seek(audio.currentTime - STEP_SECONDS) }, "− 10 s"),
      h("button", { type: "button", click: () => seek(audio.currentTime + STEP_SECONDS) }, "+ 10 s"),
      clockFace, h("small", {}, channels, none, h("kbd", {}, "Space"), " plays, ", h("kbd", {}, "←"), " ", h("kbd", {}, "→"), " seek")),
    regions.length > 0 && h("ul", { class: "legend", "aria-label": "Marks" }, regions.map((each) => h("li", {},
      h("button", { type: "button", click: () => seek(each.from) }, clock(each.from)), ` ${each.text}`))),
    trouble, audio);
}
