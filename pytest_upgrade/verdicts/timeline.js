(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("su-data").textContent);
  const place = document.getElementById("su-picture");
  const section = document.getElementById("su");
  if (!data.lanes.length) { place.textContent = "Nothing was observed."; return; }
  const SVG = "http://www.w3.org/2000/svg";
  const LABEL = 300, ROW = 17, STEP = 20, AXIS = 22, CHART = 130, GAP = 14, RIGHT = 8;
  const whole = [0, Math.max(data.seconds, 1)];
  let view = [...whole], width = 0, drag = null;
  let chosen = data.lanes.reduce((best, lane, index) => lane.curve.length && lane.failed > data.lanes[best].failed ? index : best, 0);

  const legend = document.createElement("div");
  legend.className = "su-legend";
  for (const [color, word] of [["--ok", "answered"], ["--fail", "failed"], ["--blind", "not seen"], ["hatch", "spared by the breaker"], ["--step", "step of the upgrade"]]) {
    const entry = document.createElement("span"), box = document.createElement("i");
    box.style.background = color === "hatch"
      ? "repeating-linear-gradient(45deg, var(--blind) 0 2px, transparent 2px 5px)" : `var(${color})`;
    entry.append(box, word);
    legend.append(entry);
  }
  const tip = document.createElement("div");
  tip.className = "su-tip";
  tip.hidden = true;
  const svg = make("svg");
  place.append(legend, svg);
  section.append(tip);

  function make(name, attributes = {}, parent = null, text = null) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== null) made.textContent = text;
    if (parent) parent.append(made);
    return made;
  }
  const plot = () => width - LABEL - RIGHT;
  const x = at => LABEL + (at - view[0]) / (view[1] - view[0]) * plot();
  const at = px => view[0] + (px - LABEL) / plot() * (view[1] - view[0]);
  const clock = (seconds, fine) => new Date((data.begin + seconds) * 1000).toISOString().slice(11, fine ? 23 : 19);
  const cut = (text, px) => text.length * 6.6 <= px ? text : text.slice(0, Math.max(0, Math.floor(px / 6.6) - 1)) + "…";
  const shown = (begin, end) => end >= view[0] && begin <= view[1];

  /* A bar is never thinner than one can see, and bars that would touch are one. */
  function bars(parent, spans, y, height, attributes, describe) {
    let last = null;
    for (const span of spans) {
      if (!shown(span[0], span[1])) continue;
      const left = Math.max(x(span[0]), LABEL), right = Math.max(Math.min(x(span[1]), width - RIGHT), left + 2.5);
      if (last && left - last.right < 0.5) {
        last.right = Math.max(last.right, right);
        last.made.setAttribute("width", last.right - last.left);
        last.spans.push(span);
        continue;
      }
      const made = make("rect", { x: left, y, width: right - left, height, ...attributes }, parent);
      last = { left, right, made, spans: [span] };
      const spansOf = last.spans;
      if (describe) hover(made, () => describe(spansOf));
    }
  }
  function hover(element, describe) {
    element.addEventListener("pointermove", event => {
      tip.replaceChildren(...describe().flatMap(line => [line, document.createElement("br")]));
      tip.hidden = false;
      const right = event.clientX + 14 + tip.offsetWidth > innerWidth;
      tip.style.left = `${right ? Math.max(4, event.clientX - 14 - tip.offsetWidth) : event.clientX + 14}px`;
      tip.style.top = `${Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 4)}px`;
    });
    element.addEventListener("pointerleave", () => { tip.hidden = true; });
  }
  function code(text) {
    const made = document.createElement("code");
    made.textContent = text;
    return made;
  }

  /* Steps that overlap lie on rows of their own. */
  function stepRows() {
    const ends = [];
    return data.steps.map(step => {
      let row = ends.findIndex(end => end <= step.begin);
      if (row < 0) row = ends.length;
      ends[row] = step.end;
      return row;
    });
  }
  const rows = stepRows();
  const stepHeight = data.steps.length ? (Math.max(...rows) + 1) * STEP : 0;

  function draw() {
    width = Math.max(place.clientWidth, 600);
    const groups = data.lanes.map((lane, index) => index > 0 && lane.service !== data.lanes[index - 1].service ? 5 : 0);
    const top = AXIS + stepHeight + 6;
    const bottom = top + groups.reduce((sum, more) => sum + more + ROW, 0);
    const height = bottom + GAP + CHART + AXIS + 18;
    svg.replaceChildren();
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("height", height);
    const defs = make("defs", {}, svg);
    const hatch = make("pattern", { id: "su-hatch", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, defs);
    make("rect", { width: 2, height: 5, style: "fill: var(--blind)" }, hatch);
    axis(0, bottom);
    steps(bottom);
    let y = top;
    data.lanes.forEach((lane, index) => { y += groups[index]; row(lane, index, y, groups[index] || index === 0); y += ROW; });
    chart(data.lanes[chosen], bottom + GAP);
  }
  function axis(y, bottom) {
    const spans = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200];
    const every = spans.find(span => span * plot() / (view[1] - view[0]) > 90) || 14400;
    const start = Math.ceil((data.begin + view[0]) / every) * every - data.begin;
    for (let tick = start; tick <= view[1]; tick += every) {
      make("line", { x1: x(tick), x2: x(tick), y1: y + 16, y2: bottom, style: "stroke: var(--line)" }, svg);
      if (x(tick) < width - 70) make("text", { x: x(tick) + 3, y: y + 12, class: "soft" }, svg, clock(tick, every < 1).slice(0, every < 1 ? 10 : 8));
    }
    make("text", { x: 0, y: y + 12, class: "soft" }, svg, `${new Date(data.begin * 1000).toISOString().slice(0, 10)}, UTC`);
  }
  function steps(bottom) {
    if (data.upgrade && shown(...data.upgrade)) {
      const [begin, end] = data.upgrade.map(x);
      const left = Math.max(begin, LABEL), right = Math.min(end, width - RIGHT);
      make("rect", { x: left, y: 16, width: Math.max(right - left, 1), height: bottom - 16, style: "fill: var(--step)", opacity: 0.07 }, svg);
    }
    if (data.steps.length) make("text", { x: 0, y: AXIS + 13 }, svg, "steps of the upgrade");
    data.steps.forEach((step, index) => {
      if (!shown(step.begin, step.end)) return;
      const left = Math.max(x(step.begin), LABEL), right = Math.max(Math.min(x(step.end), width - RIGHT), left + 2);
      const y = AXIS + rows[index] * STEP;
      const made = make("rect", { x: left, y, width: right - left, height: STEP - 3, rx: 2, style: `fill: var(${step.ok === false ? "--fail" : "--step"})`, stroke: "var(--card)" }, svg);
      hover(made, () => [`${step.name}${step.ok === false ? " FAILED" : ""}`, step.about, `${clock(step.begin)} to ${clock(step.end)}, ${(step.end - step.begin).toFixed(1)} s`].filter(Boolean));
      if (right - left > 30) make("text", { x: left + 5, y: y + 12.5, class: "in-step" }, svg, cut(step.name, right - left - 8));
    });
  }
  function row(lane, index, y, first) {
    const band = make("rect", { x: 0, y, width, height: ROW - 1, style: `fill: var(--row)`, opacity: index === chosen ? 1 : 0 }, svg);
    band.style.cursor = "pointer";
    if (first) make("text", { x: 0, y: y + 12, "font-weight": 600 }, svg, cut(lane.service, 100));
    const label = make("text", { x: 104, y: y + 12 }, svg, cut(lane.name, 140));
    make("text", { x: LABEL - 8, y: y + 12, "text-anchor": "end", class: "soft" }, svg, lane.connection);
    const left = Math.max(x(lane.from), LABEL), right = Math.min(x(lane.to + lane.period), width - RIGHT);
    if (right > left) {
      const base = make("rect", { x: left, y: y + 2, width: right - left, height: ROW - 5, style: "fill: var(--ok)" }, svg);
      hover(base, () => [`${lane.name} (${lane.connection})`, `${lane.samples} ${lane.what}, ${lane.failed} failed, every ${lane.period} s`, lane.more ? `${lane.more} later outages are not drawn` : ""].filter(Boolean));
      choose(base, index);
    }
    const blind = lane.gaps.filter(gap => gap[2] === "blind");
    bars(svg, blind, y + 2, ROW - 5, { style: "fill: var(--blind)" }, found => ["not seen", `${clock(found[0][0])} to ${clock(found[found.length - 1][1])}`]);
    bars(svg, lane.outages, y + 1, ROW - 3, { style: "fill: var(--fail)" }, found => {
      const [begin, , , word, text, id] = found[0];
      const failed = found.reduce((sum, outage) => sum + outage[2], 0);
      const end = found[found.length - 1][1];
      return [`${failed} failed in ${(end - begin).toFixed(1)} s${bounds(found)}, from ${clock(begin, true)}`, `first: ${word}${text ? `, ${text}` : ""}`, id ? code(id) : "", during(begin, end)].filter(Boolean);
    });
    /* Over the failures: what was spared is known to lie between two of them. */
    const spared = lane.gaps.filter(gap => gap[2] === "breaker");
    bars(svg, spared, y + 1, ROW - 3, { style: "fill: url(#su-hatch)", "pointer-events": "none" }, null);
    choose(band, index);
    choose(label, index);
  }
  /* What is known of the length: from the first failed slot to the last, and from the last good one to the next. */
  function bounds(found) {
    const first = found[0], last = found[found.length - 1];
    if (last[7] === null) return "";
    const least = (last[7] - first[0]).toFixed(1);
    return first[6] === null || last[6] === null ? ` (${least} s at least)` : ` (${least} to ${(last[1] - first[6]).toFixed(1)} s)`;
  }
  function during(begin, end) {
    const met = data.steps.filter(step => step.begin <= end && step.end >= begin).map(step => step.name);
    return met.length ? `during ${met.join(", ")}` : "";
  }
  function choose(element, index) {
    element.addEventListener("click", () => { if (!drag || !drag.moved) { chosen = index; draw(); } });
  }
  function chart(lane, y) {
    make("text", { x: 0, y: y + 12, "font-weight": 600 }, svg, "response times");
    make("text", { x: 0, y: y + 29 }, svg, cut(lane.service, 230));
    make("text", { x: 0, y: y + 45 }, svg, cut(`${lane.name} (${lane.connection})`, 230));
    const points = lane.curve.filter(point => shown(point[0] - 60, point[0] + 60));
    if (!points.length) return;
    const worst = Math.max(...points.map(point => point[2]), 1), high = y + 6, low = y + CHART;
    const scale = value => low - value / worst * (low - high);
    for (const part of [0, 0.5, 1]) {
      make("line", { x1: LABEL, x2: width - RIGHT, y1: scale(worst * part), y2: scale(worst * part), style: "stroke: var(--line)" }, svg);
      make("text", { x: LABEL - 8, y: scale(worst * part) + 4, "text-anchor": "end", class: "soft" }, svg, `${Math.round(worst * part)} ms`);
    }
    const clip = make("clipPath", { id: "su-clip" }, svg);
    make("rect", { x: LABEL, y: high - 2, width: plot(), height: CHART }, clip);
    const within = make("g", { "clip-path": "url(#su-clip)" }, svg);
    const usual = points.length > 1 ? Math.min(...points.slice(1).map((point, index) => point[0] - points[index][0])) : 1;
    const pieces = [];
    points.forEach((point, index) => {
      if (!index || point[0] - points[index - 1][0] > 2.5 * usual) pieces.push([]);
      pieces[pieces.length - 1].push(point);
    });
    for (const piece of pieces) {
      const line = column => piece.map(point => `${x(point[0])},${scale(point[column])}`).join(" ");
      make("polygon", { points: `${x(piece[0][0])},${low} ${line(2)} ${x(piece[piece.length - 1][0])},${low}`, style: "fill: var(--p95)" }, within);
      make("polyline", { points: line(1), fill: "none", style: "stroke: var(--p50)", "stroke-width": 1.5 }, within);
    }
    make("rect", { x: 0, y: y + 58, width: 12, height: 9, style: "fill: var(--p95)" }, svg);
    make("text", { x: 17, y: y + 67, class: "soft" }, svg, "95 of 100 took no longer");
    make("line", { x1: 0, x2: 12, y1: y + 79, y2: y + 79, style: "stroke: var(--p50)", "stroke-width": 2 }, svg);
    make("text", { x: 17, y: y + 83, class: "soft" }, svg, "median");
    const glass = make("rect", { x: LABEL, y: high, width: plot(), height: low - high, fill: "transparent" }, svg);
    let here = 0;
    glass.addEventListener("pointermove", event => { here = at(event.clientX - svg.getBoundingClientRect().left); });
    hover(glass, () => {
      const near = points.reduce((best, point) => Math.abs(point[0] - here) < Math.abs(best[0] - here) ? point : best);
      return [clock(near[0]), `median ${near[1]} ms, 95th percentile ${near[2]} ms`];
    });
  }

  function look(begin, end) {
    const length = Math.min(Math.max(end - begin, 1), whole[1]);
    const from = Math.min(Math.max(begin, 0), whole[1] - length);
    view = [from, from + length];
    draw();
  }
  svg.addEventListener("wheel", event => {
    event.preventDefault();
    const middle = at(Math.max(event.clientX - svg.getBoundingClientRect().left, LABEL));
    const factor = event.deltaY > 0 ? 1.3 : 1 / 1.3;
    look(middle - (middle - view[0]) * factor, middle + (view[1] - middle) * factor);
  }, { passive: false });
  svg.addEventListener("pointerdown", event => { drag = { from: event.clientX, view: [...view], moved: false }; });
  addEventListener("pointermove", event => {
    if (!drag || !event.buttons) return;
    const moved = (event.clientX - drag.from) / plot() * (drag.view[1] - drag.view[0]);
    if (Math.abs(event.clientX - drag.from) < 4) return;
    drag.moved = true;
    look(drag.view[0] - moved, drag.view[1] - moved);
  });
  addEventListener("pointerup", () => { setTimeout(() => { drag = null; }, 0); });
  svg.addEventListener("dblclick", () => look(...whole));
  new ResizeObserver(() => { if (place.clientWidth !== width) draw(); }).observe(place);
  draw();
})();
