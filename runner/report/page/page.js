// SPDX-License-Identifier: GPL-2.0-only
// Sorting, filtering, links to a filtered page, theme and print.  The page is
// whole without it.
"use strict";
(() => {
	const all = (selector, from = document) => [...from.querySelectorAll(selector)];
	const element = (id) => document.getElementById(id);

	// --- Theme: the system's until the reader chooses.
	const theme = element("theme");
	const prefers = matchMedia("(prefers-color-scheme: dark)");
	const stored = () => {
		try { return localStorage.getItem("swapscale-theme"); } catch { return null; }
	};
	const dark = () => (document.documentElement.dataset.theme || (prefers.matches ? "dark" : "light")) === "dark";
	const name = () => { theme.textContent = dark() ? "Light" : "Dark"; theme.setAttribute("aria-label", `Use ${dark() ? "light" : "dark"} colours`); };
	const chosen = stored();
	if (chosen === "light" || chosen === "dark")
		document.documentElement.dataset.theme = chosen;
	theme.addEventListener("click", () => {
		document.documentElement.dataset.theme = dark() ? "light" : "dark";
		try { localStorage.setItem("swapscale-theme", document.documentElement.dataset.theme); } catch { /* not kept */ }
		name();
	});
	prefers.addEventListener("change", name);
	theme.hidden = false;
	name();

	// --- Print: what is in words is unfolded, evidence stays folded.
	let unfolded = [];
	addEventListener("beforeprint", () => {
		unfolded = all("article details:not([open]), details.more:not([open])");
		unfolded.forEach((details) => { details.open = true; });
	});
	addEventListener("afterprint", () => unfolded.forEach((details) => { details.open = false; }));
	element("print").addEventListener("click", () => print());
	element("print").hidden = false;

	// --- The address holds an anchor, then key=value: #cells&device=pmem&sort=effects-table.3.descending
	const read = () => {
		const parts = location.hash.slice(1).split("&").filter(Boolean);
		const anchor = parts.length && !parts[0].includes("=") ? parts.shift() : "";
		const state = new URLSearchParams(parts.join("&"));
		return { anchor, state };
	};
	const write = (state) => {
		const { anchor } = read();
		const said = state.toString();
		const hash = [anchor, said].filter(Boolean).join("&");
		history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
	};

	// --- Sorting.
	const value = (row, at) => {
		const cell = row.cells[at];
		return cell.dataset.sort === undefined ? cell.textContent.trim() : Number(cell.dataset.sort);
	};
	const compare = (a, b) => {
		// Figures before texts, empty last, whichever the direction.
		if (typeof a === "number" && typeof b === "number")
			return a - b;
		return String(a).localeCompare(String(b), "en", { numeric: true });
	};
	const rank = (what) => typeof what === "number" ? 0 : what === "" || what === "–" ? 2 : 1;
	const sort = (table, at, direction) => {
		const head = table.tHead.rows[0].cells;
		if (!head[at])
			return;
		const sign = direction === "descending" ? -1 : 1;
		const rows = [...table.tBodies[0].rows].map((row, order) => ({ row, order, key: value(row, at) }));
		rows.sort((a, b) => rank(a.key) - rank(b.key) || sign * compare(a.key, b.key) || a.order - b.order);
		table.tBodies[0].append(...rows.map(({ row }) => row));
		[...head].forEach((cell) => cell.removeAttribute("aria-sort"));
		head[at].setAttribute("aria-sort", direction);
	};
	all("table.grid[id]").forEach((table) => {
		[...table.tHead.rows[0].cells].forEach((cell, at) => {
			const button = document.createElement("button");
			button.type = "button";
			button.textContent = cell.textContent;
			cell.replaceChildren(button);
			button.addEventListener("click", () => {
				const first = cell.classList.contains("figure") ? "descending" : "ascending";
				const other = first === "ascending" ? "descending" : "ascending";
				const direction = cell.getAttribute("aria-sort") === first ? other : first;
				sort(table, at, direction);
				const { state } = read();
				state.set("sort", `${table.id}.${at}.${direction}`);
				write(state);
			});
		});
	});

	// --- Filtering.
	const form = element("filters");
	const items = all(".filtered");
	const chosenFilters = () => [...new FormData(form)].filter(([, text]) => text);
	const apply = () => {
		const chosenNow = chosenFilters();
		const wanted = chosenNow.filter(([key]) => key !== "q");
		const words = (form.elements.q.value || "").toLowerCase().split(/\s+/).filter(Boolean);
		let shown = 0, rows = 0;
		items.forEach((item) => {
			// A facet that an item does not have does not exclude it.
			const fits = wanted.every(([key, text]) => item.dataset[key] === undefined || item.dataset[key] === text)
				&& (!words.length || words.every((word) => item.textContent.toLowerCase().includes(word)));
			item.hidden = !fits;
			if (item.tagName === "TR") {
				rows += 1;
				shown += fits;
			}
		});
		element("count").textContent = chosenNow.length ? `${shown} of ${rows} rows` : `${rows} rows`;
	};
	const follow = () => {
		const { anchor, state } = read();
		if (form) {
			[...form.elements].forEach((field) => {
				if (field.name)
					field.value = state.get(field.name) || "";
				if (field.tagName === "SELECT" && field.selectedIndex < 0)
					field.value = "";
			});
			apply();
		}
		const [table, at, direction] = (state.get("sort") || "").split(".");
		if (direction === "ascending" || direction === "descending") {
			const grid = element(table);
			if (grid && grid.matches("table.grid"))
				sort(grid, Number(at), direction);
		}
		const target = anchor && element(anchor);
		if (target) {
			for (let node = target; node; node = node.parentElement)
				if (node.tagName === "DETAILS")
					node.open = true;
			target.hidden = false;
			target.scrollIntoView();
			if (target.tagName === "DETAILS")
				target.querySelector("summary").focus({ preventScroll: true });
		}
	};
	if (form) {
		form.hidden = false;
		form.addEventListener("submit", (event) => event.preventDefault());
		const changed = () => {
			const { state } = read();
			const kept = new URLSearchParams(chosenFilters());
			if (state.has("sort"))
				kept.set("sort", state.get("sort"));
			write(kept);
			apply();
		};
		form.addEventListener("input", changed);
		// The fields are emptied after this event.
		form.addEventListener("reset", () => setTimeout(changed));
	}
	// --- What has the keyboard is in sight: below the bar of filters, and whole in a table that scrolls.
	if (form)
		new ResizeObserver(() => {
			const sticks = getComputedStyle(form).position === "sticky";
			document.documentElement.style.scrollPaddingTop = sticks ? `${form.offsetHeight + 8}px` : "";
		}).observe(form);
	addEventListener("focusin", (event) => {
		if (event.target.matches(".scroll *"))
			event.target.scrollIntoView({ block: "nearest", inline: "nearest" });
	});
	addEventListener("hashchange", follow);
	addEventListener("keydown", (event) => {
		if (event.key === "/" && form && !event.target.matches("input, select, textarea")) {
			event.preventDefault();
			form.elements.q.focus();
		}
	});
	follow();
})();
