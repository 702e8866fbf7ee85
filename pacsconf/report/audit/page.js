(function () {
  "use strict";
  var all = function (what, within) { return Array.prototype.slice.call((within || document).querySelectorAll(what)); };
  var tools = document.getElementById("tools"), find = document.getElementById("find");
  var status = document.getElementById("status");
  var rows = all("tr.r"), blocks = all("details.rule, details.site"), overview = all("#overview tr[data-of]");
  var folded = new Map(); // which blocks were open before a filter unfolded some
  var MOST = 40; // blocks that a filter unfolds: more than that nobody reads, and a large page would stand still

  // --- filter

  function chosen(name) { // what is ticked, or null where everything is
    var boxes = all("input[name=" + name + "]"), on = boxes.filter(function (box) { return box.checked; });
    return on.length === boxes.length ? null : on.map(function (box) { return box.value; });
  }

  function meets(wanted, has) {
    return !wanted || has.split(" ").some(function (one) { return wanted.indexOf(one) >= 0; });
  }

  function apply() {
    var words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    var states = chosen("state"), severities = chosen("severity"), sites = chosen("site");
    var active = words.length > 0 || states || severities || sites;
    var shown = 0, heads = new Map(), left = new Map();
    blocks.forEach(function (block) {
      heads.set(block, words.length ? block.querySelector("summary").textContent.toLowerCase() : "");
      left.set(block, 0);
    });
    rows.forEach(function (row) {
      var block = row.closest("details.rule, details.site");
      var severity = row.dataset.v === undefined ? block.dataset.v : row.dataset.v;
      var fits = meets(states, row.dataset.s) && meets(severities, severity) && meets(sites, row.dataset.p);
      if (fits && words.length) {
        var text = row.textContent.toLowerCase(), head = block ? heads.get(block) : "";
        fits = words.every(function (word) { return text.indexOf(word) >= 0 || head.indexOf(word) >= 0; });
      }
      row.classList.toggle("gone", !fits);
      if (fits) { shown += 1; if (block) { left.set(block, left.get(block) + 1); } }
    });
    var opened = 0, visible = 0;
    blocks.forEach(function (block) {
      var here = !active || left.get(block) > 0;
      block.classList.toggle("gone", !here);
      visible += here && block.dataset.v ? 1 : 0;
      if (active && here && opened < MOST) {
        if (!folded.has(block)) { folded.set(block, block.open); }
        block.open = true;
        opened += 1;
      }
    });
    overview.forEach(function (row) {
      row.classList.toggle("gone", document.getElementById(row.dataset.of).classList.contains("gone"));
    });
    if (!active) {
      folded.forEach(function (open, block) { block.open = open; });
      folded.clear();
    }
    status.textContent = active
      ? "Filtered: " + shown + " of " + rows.length + " lines, " + visible + " of " + overview.length + " rules" : "";
  }

  var waiting;
  find.addEventListener("input", function () { clearTimeout(waiting); waiting = setTimeout(apply, 120); });
  tools.addEventListener("change", apply);
  function reset() {
    find.value = "";
    all("input[type=checkbox]", tools).forEach(function (box) { box.checked = true; });
    apply();
  }
  document.getElementById("reset").addEventListener("click", reset);
  document.addEventListener("keydown", function (event) {
    if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      find.focus();
    }
  });

  // --- folding

  function fold(open) {
    return function () { all("main > section > details").forEach(function (one) { one.open = open; }); };
  }
  document.getElementById("unfold").addEventListener("click", fold(true));
  document.getElementById("fold").addEventListener("click", fold(false));

  var unfolded = [];
  window.addEventListener("beforeprint", function () {
    unfolded = all("details:not([open]):not(.bulk):not(.gone)");
    unfolded.forEach(function (one) { one.open = true; });
  });
  window.addEventListener("afterprint", function () {
    unfolded.forEach(function (one) { one.open = false; });
  });

  // --- sorting

  function key(row, at) {
    var cell = row.cells[at], text = cell.dataset.k || cell.textContent.trim();
    var number = /^-?[\d,]+$/.test(text) ? Number(text.replace(/,/g, "")) : NaN;
    return { text: text.toLowerCase(), number: number };
  }

  function compare(one, other) {
    if (!isNaN(one.number) && !isNaN(other.number)) { return one.number - other.number; }
    return one.text < other.text ? -1 : one.text > other.text ? 1 : 0;
  }

  all("table.sort").forEach(function (table) {
    all("thead th", table).forEach(function (head, at) {
      // No <button>: heads with one are not repeated on each sheet of paper.
      var button = document.createElement("span");
      button.tabIndex = 0;
      button.setAttribute("role", "button");
      while (head.firstChild) { button.appendChild(head.firstChild); }
      head.appendChild(button);
      button.addEventListener("keydown", function (event) {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); button.click(); }
      });
      button.addEventListener("click", function () {
        var before = head.getAttribute("aria-sort"), body = table.tBodies[0];
        // Numbers are looked at for the largest, words for the first.
        var down = before ? before === "ascending" : head.classList.contains("n");
        all("thead th", table).forEach(function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        var lines = Array.prototype.map.call(body.rows, function (row) { return { row: row, key: key(row, at) }; });
        lines.sort(function (one, other) { return down ? compare(other.key, one.key) : compare(one.key, other.key); });
        lines.forEach(function (line) { body.appendChild(line.row); });
      });
    });
  });

  // --- addresses: #rule-ID unfolds it; #find=WORDS&state=fail,unknown&severity=high&site=main filters

  function follow() {
    var target = document.getElementById(location.hash.slice(1));
    if (target) {
      if (target.classList.contains("gone")) { reset(); }
      if (target.tagName === "DETAILS") { target.open = true; target.scrollIntoView(); }
      return;
    }
    var wanted = new URLSearchParams(location.hash.slice(1));
    if (!["find", "state", "severity", "site"].some(function (name) { return wanted.has(name); })) { return; }
    find.value = wanted.get("find") || "";
    ["state", "severity", "site"].forEach(function (name) {
      var some = wanted.has(name) ? wanted.get(name).split(",") : null;
      all("input[name=" + name + "]").forEach(function (box) {
        box.checked = !some || some.indexOf(box.dataset.name === undefined ? box.value : box.dataset.name) >= 0;
      });
    });
    apply();
  }

  tools.hidden = false;
  apply();
  window.addEventListener("hashchange", follow);
  follow();
}());
