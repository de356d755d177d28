"use strict";
const byId = (id) => document.getElementById(id);
const [drop, file, said, list] = ["drop", "file", "said", "nearest"].map(byId);

function say(text, isWrong) {
  said.textContent = text;
  said.className = isWrong ? "wrong" : "";
}

function show(answer) {
  list.replaceChildren(...answer.nearest.map(({ sketch, similarity }) => {
    const item = document.createElement("li");
    const image = document.createElement("img");
    image.src = "/sketches/" + sketch;
    image.alt = sketch;
    item.append(image, `${sketch.split("/")[0]} ${similarity.toFixed(2)}`);
    return item;
  }));
}

async function embed(picture) {
  const image = byId("picture");
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(picture);
  image.hidden = false;
  list.replaceChildren();
  say("Embedding…");
  const begun = performance.now();
  try {
    const model = encodeURIComponent(byId("model").value);
    const reply = await fetch("/nearest/" + model, { method: "POST", body: picture });
    const answer = await reply.json();
    if (!reply.ok) throw new Error(answer.error);
    const ms = Math.round(performance.now() - begun);
    say(`${answer.n_features} numbers in ${ms} ms. The sketches most like it, by cosine similarity:`);
    show(answer);
  } catch (error) {
    say(error.message, true);
  }
}

file.addEventListener("change", () => file.files.length && embed(file.files[0]));
for (const kind of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length) embed(event.dataTransfer.files[0]);
  });
}
drop.addEventListener("keydown", (event) => event.key === "Enter" && file.click());
