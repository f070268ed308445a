// What a person says a picture is, kept by the server, until it is taken back.

/** Has a picture kept under a label and says so in `words`; `changed` hears the label that is kept, null for none. */
export async function keep(server, label, picture, words, changed = () => {}) {
  const answer = await server.ask(`/v1/corrections?label=${encodeURIComponent(label)}`, picture);
  if (answer.problem) {
    words.textContent = `Not kept: ${answer.problem}`;
    return;
  }
  changed(label);
  const undo = document.createElement("button");
  undo.type = "button";
  undo.textContent = "Take it back";
  undo.onclick = () => takeBack(server, answer.name, words, changed);
  words.replaceChildren(`Thank you: kept as ${label}. `, undo);
}

async function takeBack(server, name, words, changed) {
  const answer = await server.ask(`/v1/corrections?name=${name}`, null, "DELETE");
  if (!answer.problem) changed(null);
  words.textContent = answer.problem ? `Not taken back: ${answer.problem}` : "Taken back: nothing is kept.";
}
