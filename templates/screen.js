(function () {
  "use strict";
  const root = document.documentElement;
  const colors = JSON.parse(document.getElementById("colors").textContent);
  const button = document.getElementById("theme");
  const wanted = window.matchMedia("(prefers-color-scheme: dark)");
  const views = new Map();

  function dark() { return root.dataset.theme === "dark"; }

  function setTheme(isDark) {
    root.dataset.theme = isDark ? "dark" : "light";
    button.setAttribute("aria-pressed", String(isDark));
    button.textContent = isDark ? "Light" : "Dark";
    document.querySelectorAll(".chart[data-drawn]").forEach(draw);
  }

  // The frame of the plot keeps its margins; only its width follows the page.
  function fitted(spec, width, from) {
    return JSON.parse(JSON.stringify(spec, function (key, value) {
      if (key === "value" && value === from) { return width; }
      return value;
    }));
  }

  function specification(box) {
    let text = document.getElementById("spec-" + box.dataset.chart).textContent;
    if (dark()) {
      Object.keys(colors).forEach(function (light) { text = text.split('"' + light + '"').join('"' + colors[light] + '"'); });
    }
    let spec = JSON.parse(text);
    if (box.dataset.stretch === "yes") {
      const inner = Math.max(240, Math.floor(box.clientWidth) - spec.padding.left - spec.padding.right);
      const from = spec.width;
      spec = fitted(spec, inner, from);
      spec.width = inner;
    }
    return spec;
  }

  function draw(box) {
    box.dataset.drawn = "pending";
    const before = views.get(box);
    if (before) { before.finalize(); }
    return vegaEmbed(box, specification(box), { actions: false, renderer: "svg", tooltip: { theme: "custom" } }).then(function (result) {
      views.set(box, result);
      box.dataset.drawn = "yes";
      box.setAttribute("role", "img");
      zoomButtons(box, result);
    }).catch(function (error) { box.dataset.drawn = "failed"; console.error(box.dataset.chart, error); });
  }

  // Keyboard and touch reach the time axis through buttons.
  function zoomButtons(box, result) {
    const figure = box.parentElement;
    const domain = box.dataset.domain ? JSON.parse(box.dataset.domain) : null;
    const years = domain ? (Date.parse(domain[1]) - Date.parse(domain[0])) / (365.25 * 864e5) : 0;
    if (years < 3 || figure.querySelector(".zoom")) { return; }
    const bar = document.createElement("div");
    bar.className = "zoom";
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "Period shown");
    const end = Date.parse(domain[1]);
    const start = Date.parse(domain[0]);
    [["1 year", 1], ["3 years", 3], ["All", 0]].forEach(function (choice) {
      const one = document.createElement("button");
      one.type = "button";
      one.textContent = choice[0];
      one.addEventListener("click", function () {
        const from = choice[1] ? Math.max(start, end - choice[1] * 365.25 * 864e5) : start;
        const view = views.get(box).view;
        view.signal("zoom_date", [from, end]).runAsync();
      });
      bar.appendChild(one);
    });
    box.after(bar);
  }

  // The verdict table sorts by its heads and filters as one types.
  function sortable(table) {
    const body = table.tBodies[0];
    Array.from(table.tHead.rows[0].cells).forEach(function (head, column) {
      const control = document.createElement("button");
      control.type = "button";
      control.textContent = head.textContent;
      head.textContent = "";
      head.appendChild(control);
      control.addEventListener("click", function () {
        const up = head.getAttribute("aria-sort") !== "ascending";
        Array.from(table.tHead.rows[0].cells).forEach(function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const value = function (row) {
          const cell = row.cells[column];
          const raw = cell.dataset.sort === undefined ? cell.textContent.trim() : cell.dataset.sort;
          return raw !== "" && isFinite(raw) ? Number(raw) : raw;
        };
        const rows = Array.from(body.rows).sort(function (a, b) {
          const x = value(a), y = value(b);
          const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
          return up ? order : -order;
        });
        rows.forEach(function (row) { body.appendChild(row); });
      });
    });
  }

  function searchable(box) {
    const label = document.createElement("label");
    label.className = "search";
    label.append("Search the statements ");
    const input = document.createElement("input");
    input.type = "search";
    label.appendChild(input);
    box.prepend(label);
    input.addEventListener("input", function () {
      const needle = input.value.trim().toLowerCase();
      box.querySelectorAll("tbody tr").forEach(function (row) {
        row.hidden = needle !== "" && !row.textContent.toLowerCase().includes(needle);
      });
    });
  }

  // Ids of statements lead to their pages.
  function linked(box) {
    box.querySelectorAll("tbody th").forEach(function (cell) {
      const id = cell.textContent.trim().toLowerCase();
      if (!document.getElementById(id)) { return; }
      const link = document.createElement("a");
      link.href = "#" + id;
      link.textContent = cell.textContent.trim();
      cell.textContent = "";
      cell.appendChild(link);
    });
  }

  document.querySelectorAll(".table.verdicts").forEach(function (box) { linked(box); searchable(box); sortable(box.querySelector("table")); });
  setTheme(wanted.matches);
  button.addEventListener("click", function () { setTheme(!dark()); });
  const boxes = Array.from(document.querySelectorAll(".chart"));
  function drawMissing() { return Promise.all(boxes.filter(function (box) { return !box.dataset.drawn; }).map(draw)); }
  const seen = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (entry.isIntersecting && !entry.target.dataset.drawn) { draw(entry.target); }
    });
  }, { rootMargin: "600px" });
  boxes.forEach(function (box) { seen.observe(box); });
  window.addEventListener("beforeprint", drawMissing);
  if (location.hash === "#draw-all") { drawMissing(); }
  let timer = 0;
  let width = window.innerWidth;
  window.addEventListener("resize", function () {
    if (window.innerWidth === width) { return; }
    width = window.innerWidth;
    clearTimeout(timer);
    timer = setTimeout(function () { document.querySelectorAll('.chart[data-drawn="yes"][data-stretch="yes"]').forEach(draw); }, 200);
  });
}());
