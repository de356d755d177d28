"use strict";
const DATA = JSON.parse(document.getElementById("data").textContent);
const N = DATA.names.length, SIDE = DATA.side, PER = DATA.per, SHOWN = DATA.shown, UNKNOWN = 255;
const decoded = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
const PLACE = new Uint16Array(decoded(DATA.places).buffer), LEVEL = decoded(DATA.levels);
const SIZE = decoded(DATA.sizes), CLASS = new Uint16Array(decoded(DATA.codes).buffer);
const TOP = 12;  // levels of the pyramid
const el = id => document.getElementById(id);
const map = el("map"), labels = el("labels"), card = el("card");
const xOf = i => PLACE[2 * i] / 65535, yOf = i => PLACE[2 * i + 1] / 65535;
const classOf = i => DATA.classes[CLASS[i]];

// What is seen: the unit square lies at (-left, -top) * scale, in CSS pixels.
let scale = 1, left = 0, top_ = 0, ratio = 1;
let level = LEVEL.slice(), hit = new Uint8Array(N).fill(1), nHits = N, hovered = -1, gl = null;
let sheets = [], nLoaded = 0, uniforms = {}, batches = [], buffers = {}, frames = 0;
const hiddenClasses = new Set();

const VERTEX = `#version 300 es
in vec2 place; in float number, first, found; in vec2 size; in vec3 color;
uniform sampler2D sheet; uniform vec2 corner, view; uniform float scale, side, shown, per, level, dot, loaded;
out vec2 at; out vec3 ink; flat out float pictured; flat out float alpha; out vec2 around;
void main() {
  vec2 quad = vec2(gl_VertexID & 1, (gl_VertexID >> 1) & 1);
  float cell = mod(number, per * per);
  pictured = first <= level && found > .5 && size.x > 0. && loaded > .5 ? 1. : 0.;
  vec2 extent = pictured > .5 ? size * shown / side : vec2(found > .5 ? dot : dot * .6);
  vec2 inset = .5 + quad * (size - 1.);  // half a texel: no line of the neighbor's
  at = (vec2(mod(cell, per), floor(cell / per)) * side + inset) / vec2(textureSize(sheet, 0));
  ink = color; alpha = found > .5 ? .8 : .12; around = quad * 2. - 1.;
  vec2 px = (place - corner) * scale + (quad - .5) * extent;
  float depth = pictured > .5 ? -.5 : found > .5 ? .3 : .5;
  gl_Position = vec4(px.x / view.x * 2. - 1., 1. - px.y / view.y * 2., depth, 1);
}`;
const FRAGMENT = `#version 300 es
precision highp float;
in vec2 at, around; in vec3 ink; flat in float pictured; flat in float alpha;
uniform sampler2D sheet; out vec4 color;
void main() {
  if (pictured > .5) { color = vec4(texture(sheet, at).rgb, 1); return; }
  if (dot(around, around) > 1.) discard;
  color = vec4(ink, alpha);
}`;

function shader(kind, source) {
  const made = gl.createShader(kind);
  gl.shaderSource(made, source);
  gl.compileShader(made);
  if (!gl.getShaderParameter(made, gl.COMPILE_STATUS) && !gl.isContextLost())
    throw new Error(gl.getShaderInfoLog(made));
  return made;
}

function buffer(values) {
  const made = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, made);
  gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
  return made;
}

// Each value four times, once for each corner: instances of four corners are slow in software.
function fourTimes(Kind, width, of) {
  const values = new Kind(4 * N * width);
  for (let i = 0, k = 0; i < N; i++)
    for (let corner = 0; corner < 4; corner++)
      for (let j = 0; j < width; j++) values[k++] = of(i, j);
  return values;
}

function prepare() {
  const program = gl.createProgram();
  gl.attachShader(program, shader(gl.VERTEX_SHADER, VERTEX));
  gl.attachShader(program, shader(gl.FRAGMENT_SHADER, FRAGMENT));
  gl.linkProgram(program);
  gl.useProgram(program);
  for (const name of ["corner", "view", "scale", "side", "shown", "per", "level", "dot", "loaded"])
    uniforms[name] = gl.getUniformLocation(program, name);
  const colors = DATA.colors;
  buffers = {
    place: [buffer(fourTimes(Uint16Array, 2, (i, j) => PLACE[2 * i + j])), 2, gl.UNSIGNED_SHORT, true],
    number: [buffer(fourTimes(Float32Array, 1, i => i)), 1, gl.FLOAT, false],
    size: [buffer(fourTimes(Uint8Array, 2, (i, j) => SIZE[2 * i + j])), 2, gl.UNSIGNED_BYTE, false],
    color: [buffer(fourTimes(Uint8Array, 4, (i, j) => colors[CLASS[i]][j] || 0)), 3,
            gl.UNSIGNED_BYTE, true, 4],
    first: [buffer(fourTimes(Uint8Array, 1, i => level[i])), 1, gl.UNSIGNED_BYTE, false],
    found: [buffer(fourTimes(Uint8Array, 1, i => hit[i])), 1, gl.UNSIGNED_BYTE, false],
  };
  const corners = new Uint32Array(6 * N), elements = gl.createBuffer();
  for (let i = 0; i < N; i++)
    [0, 1, 2, 2, 1, 3].forEach((corner, k) => { corners[6 * i + k] = 4 * i + corner; });
  const array = gl.createVertexArray();
  gl.bindVertexArray(array);
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, elements);
  gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, corners, gl.STATIC_DRAW);
  for (const [name, [values, width, kind, scaled, stride]] of Object.entries(buffers)) {
    const where = gl.getAttribLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, values);
    gl.enableVertexAttribArray(where);
    gl.vertexAttribPointer(where, width, kind, scaled, stride || 0, 0);
  }
  batches = DATA.sheets.map((_, k) => ({
    texture: gl.createTexture(), isLoaded: 0, from: k * PER * PER,
    count: Math.min(PER * PER, N - k * PER * PER),
  }));
  gl.enable(gl.DEPTH_TEST);
  gl.depthFunc(gl.LEQUAL);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
  sheets.forEach((image, k) => image && upload(image, k));
}

function upload(image, k) {
  gl.bindTexture(gl.TEXTURE_2D, batches[k].texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, image);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  batches[k].isLoaded = 1;
}

const levelNow = () => Math.floor(Math.log2(scale * DATA.cell / SHOWN) + 1e-6);
const dotNow = () => Math.min(9, Math.max(2.5, 300 / Math.sqrt(N) * Math.sqrt(scale / 900)));
const style = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function draw() {
  const ground = style("--ground").match(/\w\w/g).map(part => parseInt(part, 16) / 255);
  gl.viewport(0, 0, map.width, map.height);
  gl.clearColor(...ground, 1);
  gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  gl.uniform2f(uniforms.corner, left, top_);
  gl.uniform2f(uniforms.view, innerWidth, innerHeight);
  const values = {scale, side: SIDE, shown: SHOWN, per: PER, level: levelNow(), dot: dotNow()};
  for (const [name, value] of Object.entries(values)) gl.uniform1f(uniforms[name], value);
  for (const batch of batches) {
    gl.bindTexture(gl.TEXTURE_2D, batch.texture);
    gl.uniform1f(uniforms.loaded, batch.isLoaded);
    gl.drawElements(gl.TRIANGLES, 6 * batch.count, gl.UNSIGNED_INT, 24 * batch.from);
  }
  drawLabels();
  frames++;
}

// Names at the peaks of the classes: the heaviest first, none over another, more as one zooms.
function drawLabels() {
  const pen = labels.getContext("2d"), taken = [];
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, innerWidth, innerHeight);
  pen.font = "600 13px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  const zoom = Math.log2(scale / fitScale());
  for (const [row, code, first] of DATA.anchors) {
    if (taken.length >= Math.min(12 + 6 * zoom, 25) || first > Math.max(zoom, 0)) break;
    if (!hit[row]) continue;
    const text = DATA.classes[code], half = pen.measureText(text).width / 2 + 5;
    const x = (xOf(row) - left) * scale, y = (yOf(row) - top_) * scale - SHOWN / 2 - 8;
    if (x < half || y < 10 || x > innerWidth - half || y > innerHeight - 10) continue;
    if (taken.some(box => Math.abs(box.x - x) < box.half + half && Math.abs(box.y - y) < 20)) continue;
    taken.push({x, y, half});
    pen.fillStyle = style("--halo");
    pen.fillRect(x - half, y - 10, 2 * half, 20);
    pen.fillStyle = style("--ink");
    pen.fillText(text, x, y);
  }
}

let wanted = 0;
function ask() {
  if (!wanted && gl) wanted = requestAnimationFrame(() => { wanted = 0; draw(); });
}

const fitScale = () => Math.max(Math.min(innerWidth, innerHeight) - SHOWN - 40, 100);

function fit() {
  scale = fitScale();
  left = .5 - innerWidth / 2 / scale;
  top_ = .5 - innerHeight / 2 / scale;
  ask();
}

function zoom(factor, x = innerWidth / 2, y = innerHeight / 2) {
  const atX = left + x / scale, atY = top_ + y / scale;
  scale = Math.min(Math.max(scale * factor, fitScale() / 2), SHOWN / DATA.cell * 2 ** (TOP + 1));
  left = atX - x / scale;
  top_ = atY - y / scale;
  ask();
}

function pan(x, y) {
  left = Math.min(Math.max(left - x / scale, -innerWidth / scale), 1);
  top_ = Math.min(Math.max(top_ - y / scale, -innerHeight / scale), 1);
  ask();
}

function resize() {
  const isFirst = map.width === 300;
  const middleX = left + innerWidth / 2 / scale, middleY = top_ + innerHeight / 2 / scale;
  ratio = devicePixelRatio || 1;
  for (const canvas of [map, labels]) {
    canvas.width = innerWidth * ratio;
    canvas.height = innerHeight * ratio;
  }
  if (isFirst) fit();
  else { left = middleX - innerWidth / 2 / scale; top_ = middleY - innerHeight / 2 / scale; }
  ask();
}

// The images by squares of the map, so that few are looked at for what is under the pointer.
const SQUARES = 128, squares = new Map();
const squareOf = at => Math.min(Math.max(Math.floor(at * SQUARES), 0), SQUARES - 1);
for (let i = 0; i < N; i++) {
  const square = squareOf(yOf(i)) * SQUARES + squareOf(xOf(i));
  if (!squares.has(square)) squares.set(square, []);
  squares.get(square).push(i);
}

function* around(x, y, reach) {
  for (let row = squareOf(y - reach); row <= squareOf(y + reach); row++)
    for (let column = squareOf(x - reach); column <= squareOf(x + reach); column++)
      yield* squares.get(row * SQUARES + column) || [];
}

// The picture under a point, or the nearest dot.
function under(x, y) {
  const atX = left + x / scale, atY = top_ + y / scale, now = levelNow(), near = dotNow() / 2 + 3;
  let best = -1, least = Infinity;
  for (const i of around(atX, atY, Math.max(SHOWN / 2, near) / scale)) {
    if (!hit[i]) continue;
    const dx = Math.abs(xOf(i) - atX) * scale, dy = Math.abs(yOf(i) - atY) * scale;
    const isPicture = level[i] <= now && SIZE[2 * i] > 0;
    const grow = SHOWN / SIDE / 2;
    const isIn = isPicture ? dx <= SIZE[2 * i] * grow && dy <= SIZE[2 * i + 1] * grow
                           : Math.max(dx, dy) <= near;
    const distance = Math.max(dx, dy) + (isPicture ? 0 : 1000);  // pictures lie above dots
    if (isIn && distance < least) { least = distance; best = i; }
  }
  return best;
}

function hover(i, x, y) {
  hovered = i;
  card.style.display = i < 0 ? "none" : "block";
  if (i < 0) return;
  const large = el("large"), w = SIZE[2 * i], h = SIZE[2 * i + 1], sheet = sheets[i / PER / PER | 0];
  const grow = w ? Math.min(3, 220 / Math.max(w, h)) : 0, cell = i % (PER * PER);
  large.width = w * grow * ratio;
  large.height = h * grow * ratio;
  large.style.width = w * grow + "px";
  if (sheet && w)
    large.getContext("2d").drawImage(sheet, cell % PER * SIDE, (cell / PER | 0) * SIDE, w, h,
                                     0, 0, large.width, large.height);
  el("name").textContent = DATA.names[i];
  el("class").textContent = classOf(i) || "";
  card.style.left = Math.max(0, x + 16 + card.offsetWidth > innerWidth ? x - 16 - card.offsetWidth : x + 16) + "px";
  card.style.top = Math.max(0, Math.min(y + 16, innerHeight - card.offsetHeight - 4)) + "px";
}

// The pyramid of what was found: what was shown first of all goes first.
function levelsOfHits() {
  const order = [];
  for (let i = 0; i < N; i++) if (hit[i]) order.push(i);
  order.sort((a, b) => LEVEL[a] - LEVEL[b]);
  const levels = new Uint8Array(N).fill(UNKNOWN);
  for (let k = 0, rest = order; k < TOP && rest.length; k++) {
    const side = DATA.cell / 2 ** k, shown = new Map();
    const key = (x, y) => x * 67108864 + y;
    const put = i => shown.set(key(xOf(i) / side | 0, yOf(i) / side | 0), i);
    const hasRoom = i => {
      for (let dx = -1; dx <= 1; dx++)
        for (let dy = -1; dy <= 1; dy++) {
          const j = shown.get(key((xOf(i) / side | 0) + dx, (yOf(i) / side | 0) + dy));
          if (j !== undefined && Math.abs(xOf(i) - xOf(j)) < side && Math.abs(yOf(i) - yOf(j)) < side)
            return false;
        }
      return true;
    };
    order.forEach(i => { if (levels[i] < k) put(i); });
    rest = rest.filter(i => !hasRoom(i) || (levels[i] = k, put(i), false));
  }
  return levels;
}

function find() {
  const wantedText = el("search").value.trim().toLowerCase();
  const isAll = !wantedText && !hiddenClasses.size;
  nHits = 0;
  for (let i = 0; i < N; i++) {
    const isHit = (!wantedText || DATA.names[i].toLowerCase().includes(wantedText))
      && !hiddenClasses.has(CLASS[i]);
    nHits += hit[i] = isHit ? 1 : 0;
  }
  level = isAll ? LEVEL.slice() : levelsOfHits();
  replace(buffers.first[0], level);
  replace(buffers.found[0], hit);
  tell();
  hover(-1);
  ask();
}

function replace(values, of) {
  gl.bindBuffer(gl.ARRAY_BUFFER, values);
  gl.bufferSubData(gl.ARRAY_BUFFER, 0, fourTimes(Uint8Array, 1, i => of[i]));
}

function tell() {
  const all = N.toLocaleString() + (N === 1 ? " image" : " images");
  let text = nHits < N ? nHits.toLocaleString() + " of " + all : all;
  if (nLoaded < sheets.length) text += " · loading " + nLoaded + " of " + sheets.length;
  else if (DATA.kept !== null && nHits === N)
    text += " · " + Math.round(DATA.kept * 100) + " % of the nearest neighbors are near on the map";
  el("status").textContent = text;
}

function addLegend() {
  DATA.classes.forEach((name, code) => {
    if (!name) return;
    const row = document.createElement("button"), swatch = document.createElement("i");
    swatch.style.background = "rgb(" + DATA.colors[code].join() + ")";
    row.append(swatch, name);
    row.setAttribute("aria-pressed", "true");
    row.onclick = () => {
      if (!hiddenClasses.delete(code)) hiddenClasses.add(code);
      row.setAttribute("aria-pressed", String(!hiddenClasses.has(code)));
      find();
    };
    el("legend").append(row);
  });
}

// One pointer moves the map, two zoom it.
const pointers = new Map();
let moved = 0;
map.onpointerdown = event => {
  map.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, event);
  moved = 0;
};
map.onpointermove = event => {
  const before = pointers.get(event.pointerId), x = event.clientX, y = event.clientY;
  if (!before) { hover(under(x, y), x, y); return; }
  const dx = x - before.clientX, dy = y - before.clientY;
  moved += Math.abs(dx) + Math.abs(dy);
  const other = [...pointers.values()].find(each => each.pointerId !== event.pointerId);
  if (other) {
    const span = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1;
    zoom(span(event, other) / span(before, other), (x + other.clientX) / 2, (y + other.clientY) / 2);
    pan(dx / 2, dy / 2);
  } else pan(dx, dy);
  pointers.set(event.pointerId, event);
  if (moved > 4) hover(-1);
};
map.onpointerup = map.onpointercancel = event => {
  pointers.delete(event.pointerId);
  if (event.pointerType === "touch" && moved <= 4)
    hover(under(event.clientX, event.clientY), event.clientX, event.clientY);
};
map.onpointerleave = event => { if (event.pointerType !== "touch") hover(-1); };
map.addEventListener("wheel", event => {
  event.preventDefault();
  const px = event.deltaY * (event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? innerHeight : 1);
  zoom(Math.exp(-Math.max(-300, Math.min(300, px)) / 300), event.clientX, event.clientY);
  hover(-1);
}, {passive: false});
map.ondblclick = event => zoom(2, event.clientX, event.clientY);
addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") { el("search").value = ""; find(); map.focus(); return; }
  if (event.target === el("search")) return;
  const steps = {ArrowLeft: [80, 0], ArrowRight: [-80, 0], ArrowUp: [0, 80], ArrowDown: [0, -80]};
  if (steps[event.key]) pan(...steps[event.key]);
  else if (event.key === "+" || event.key === "=") zoom(1.4);
  else if (event.key === "-") zoom(1 / 1.4);
  else if (event.key === "0") fit();
  else if (event.key === "/") el("search").focus();
  else return;
  event.preventDefault();
  hover(-1);
});
el("in").onclick = () => zoom(1.6);
el("out").onclick = () => zoom(1 / 1.6);
el("fit").onclick = fit;
el("search").oninput = find;
addEventListener("resize", resize);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", ask);
map.addEventListener("webglcontextlost", event => event.preventDefault());
map.addEventListener("webglcontextrestored", () => { prepare(); ask(); });

async function begin() {
  gl = map.getContext("webgl2", {antialias: false});
  sheets = DATA.sheets.map(() => null);
  addLegend();
  if (!gl) {
    el("status").textContent = "This browser cannot draw the map: it has no WebGL 2.";
    document.body.dataset.state = "no WebGL";
    return;
  }
  prepare();
  resize();
  draw();
  tell();
  const times = {dots: Math.round(performance.now())};
  await Promise.all(DATA.sheets.map(async (source, k) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    sheets[k] = image;
    upload(image, k);
    nLoaded++;
    tell();
    ask();
  }));
  draw();
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));  // waits
  times.pictures = Math.round(performance.now());
  document.body.dataset.times = JSON.stringify(times);
  document.body.dataset.state = "ready";
}
begin();
