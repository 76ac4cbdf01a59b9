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

/** Knows the row of each node that it watches, and tells it whether a person can see it. */
const rowsOfNodes = new WeakMap();
const watch = new IntersectionObserver((entries) => entries.forEach((entry) => {
  const row = rowsOfNodes.get(entry.target);
  row.isSeen = entry.isIntersecting;
  if (row.isSeen && row.late !== undefined) {
    row.show(row.late);
    row.late = undefined;
  }
}), { rootMargin: "300px" });

/**
 * The rows of a table, each of which is kept for as long as its key is there. A narrow page shows a row as a card, so
 * that the roles of a table are said and each cell has the name of its column. A row that nobody can see is brought up
 * to date once it comes into sight, so that a page with hundreds of them costs what a small one does.
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
      const isNew = !row;
      if (isNew) {
        row = this.add();
        this.rows.set(key, row);
      } else {
        gone.delete(key);
      }
      if (row.node === place) {
        place = place.nextSibling;
      } else {
        this.body.insertBefore(row.node, place);
      }
      if (isNew || row.isSeen) {
        row.show(item);
      } else {
        row.late = item;
      }
    }
    gone.forEach((row, key) => {
      watch.unobserve(row.node);
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
    rowsOfNodes.set(row.node, row);
    watch.observe(row.node);
    return row;
  }
}

export const capital = (sentence) => sentence.charAt(0).toUpperCase() + sentence.slice(1);
