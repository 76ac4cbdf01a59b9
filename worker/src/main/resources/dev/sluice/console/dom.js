// Small things about the page's elements.

/** Sets a text only where it has changed, so that a page that stands still costs nothing. */
export function text(node, value) {
  if (node.textContent !== value) {
    node.textContent = value;
  }
}

export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) {
    made.className = className;
  }
  made.append(...children);
  return made;
}

/**
 * The rows of a table, each of which is kept for as long as its key is there. A narrow page shows a row as a card, so
 * that the roles of a table are said and each cell has the name of its column.
 */
export class Rows {
  constructor(table, make) {
    this.body = table.tBodies[0];
    this.heads = [...table.tHead.rows[0].cells].map((head) => head.textContent);
    this.make = make;
    this.rows = new Map();
    table.setAttribute("role", "table");
    [table.tHead, this.body].forEach((group) => group.setAttribute("role", "rowgroup"));
    table.tHead.rows[0].setAttribute("role", "row");
    [...table.tHead.rows[0].cells].forEach((head) => head.setAttribute("role", "columnheader"));
  }

  show(items) {
    const gone = new Map(this.rows);
    let place = this.body.firstChild;
    for (const [key, item] of items) {
      let row = this.rows.get(key);
      if (row) {
        gone.delete(key);
      } else {
        row = this.add();
        this.rows.set(key, row);
      }
      if (row.node === place) {
        place = place.nextSibling;
      } else {
        this.body.insertBefore(row.node, place);
      }
      row.show(item);
    }
    gone.forEach((row, key) => {
      row.node.remove();
      this.rows.delete(key);
    });
  }

  add() {
    const row = this.make();
    row.node.setAttribute("role", "row");
    [...row.node.cells].forEach((cell, index) => {
      cell.setAttribute("role", index === 0 ? "rowheader" : "cell");
      cell.dataset.head = this.heads[index];
    });
    return row;
  }
}

export const capital = (sentence) => sentence.charAt(0).toUpperCase() + sentence.slice(1);
