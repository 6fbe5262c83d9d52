/**
 * The page's script: builds the timeline and the table out of the embedded rows. Text reaches the page as text nodes and attributes only, never
 * as markup. Its hash stands in the page's policy: `hashes.ts`.
 */
export const PAGE_SCRIPT = `
'use strict';
(function () {
  var data = JSON.parse(document.getElementById('data').textContent);
  var rows = data.rows.map(function (r, i) {
    var row = { i: i, name: r[0], source: r[1], key: r[2], kind: r[3], region: r[4], at: r[5], age: r[6], size: r[7], cost: r[8], mark: r[9], word: r[10], policy: r[11], reasons: r[12], tags: r[13], arn: r[14] };
    row.text = [row.name, row.source, row.kind, row.region, row.word, row.policy, row.reasons, row.tags, row.arn].join(' ').toLowerCase();
    return row;
  });
  var $ = function (id) { return document.getElementById(id); };
  function el(tag, attrs, text) {
    var e = document.createElement(tag);
    Object.keys(attrs || {}).forEach(function (k) { e.setAttribute(k, attrs[k]); });
    if (text !== undefined) e.textContent = text;
    return e;
  }
  function date(at) { return at === null ? 'not known' : new Date(at).toISOString().slice(0, 16).replace('T', ' ') + ' UTC'; }
  function story(r) { return r.name + ', ' + (r.age === null ? 'age not known' : r.age + ' days old') + ', ' + r.word + '. ' + r.reasons + ' (' + r.policy + ')'; }
  function hash(r) { return '#' + encodeURIComponent(r.arn || r.name); }

  // The timeline: one lane per source, the same span of time for all.
  var dated = rows.filter(function (r) { return r.at !== null; });
  var first = dated.reduce(function (m, r) { return Math.min(m, r.at); }, data.now - 86400000);
  var last = dated.reduce(function (m, r) { return Math.max(m, r.at); }, data.now);
  var lanes = new Map();
  dated.forEach(function (r) { if (lanes.has(r.key)) lanes.get(r.key).push(r); else lanes.set(r.key, [r]); });
  var waiting = Array.from(lanes.values());
  var tip = $('tip');
  function showTip(mark) {
    tip.textContent = story(rows[Number(mark.dataset.i)]) + ' ' + date(rows[Number(mark.dataset.i)].at);
    tip.hidden = false;
    var box = mark.getBoundingClientRect();
    tip.style.left = Math.max(8, Math.min(box.left, window.innerWidth - tip.offsetWidth - 8)) + 'px';
    tip.style.top = (box.bottom + 8 + tip.offsetHeight > window.innerHeight ? Math.max(8, box.top - tip.offsetHeight - 8) : box.bottom + 8) + 'px';
  }
  function hideTip() { tip.hidden = true; }
  function lane(list) {
    var box = el('section', { 'class': 'lane' });
    var one = list[0];
    var out = list.filter(function (r) { return r.mark === 'expire'; }).length;
    var h = el('h3'); h.append(el('bdi', {}, one.source), ' (' + one.kind + ', ' + one.region + '): ' + list.length + (list.length === 1 ? ' snapshot, ' : ' snapshots, ') + out + ' past policy');
    var track = el('div', { 'class': 'track', role: 'group', 'aria-label': 'Snapshots of ' + one.source + ', oldest first; arrow keys move' });
    var span = el('div', { 'class': 'span' });
    list.slice().sort(function (a, b) { return a.at - b.at; }).forEach(function (r, n) {
      var a = el('a', { 'class': 'mark ' + r.mark, href: hash(r), 'aria-label': story(r), tabindex: n === 0 ? '0' : '-1', 'data-i': r.i });
      a.style.left = (100 * (r.at - first) / Math.max(1, last - first)) + '%';
      span.append(a);
    });
    track.append(span); box.append(h, track);
    return box;
  }
  function moreLanes() {
    waiting.splice(0, 100).forEach(function (list) { $('lanes').append(lane(list)); });
    $('more').hidden = waiting.length === 0;
    $('more').textContent = 'Show more sources (' + waiting.length + ' left)';
  }
  [0, 1, 2, 3].forEach(function (n) { $('axis').append(el('span', {}, date(first + (last - first) * n / 3).slice(0, 10))); });
  $('more').addEventListener('click', moreLanes);
  moreLanes();
  var field = $('lanes');
  field.addEventListener('mouseover', function (e) { if (e.target.dataset.i) showTip(e.target); });
  field.addEventListener('mouseout', hideTip);
  field.addEventListener('focusin', function (e) { if (e.target.dataset.i) showTip(e.target); });
  field.addEventListener('focusout', hideTip);
  window.addEventListener('scroll', function () { var on = document.activeElement; if (on && on.dataset.i && !tip.hidden) showTip(on); else hideTip(); }, { passive: true });
  field.addEventListener('keydown', function (e) {
    if (e.key === 'Escape') return hideTip();
    var step = { ArrowRight: 'nextElementSibling', ArrowLeft: 'previousElementSibling' }[e.key];
    var to = step && e.target.dataset.i ? e.target[step] : null;
    if (!to) return;
    e.preventDefault();
    e.target.tabIndex = -1; to.tabIndex = 0; to.focus();
  });

  // The table: filtered and sorted as data, a page of rows at a time as elements.
  var PAGE = 100, page = 0, sort = 'order', down = false, here = null, shown = rows;
  var value = { order: 'i', name: 'name', source: 'source', kind: 'kind', region: 'region', age: 'age', size: 'size', cost: 'cost', verdict: 'word', reasons: 'reasons' };
  ['kind', 'region', 'word'].forEach(function (k) {
    Array.from(new Set(rows.map(function (r) { return r[k]; }))).sort().forEach(function (v) { $('f-' + k).append(el('option', { value: v }, v)); });
  });
  var compare = new Intl.Collator('en', { numeric: true }).compare;
  function select() {
    var words = $('search').value.toLowerCase().split(/\\s+/).filter(Boolean);
    var kind = $('f-kind').value, region = $('f-region').value, word = $('f-word').value, k = value[sort];
    shown = rows.filter(function (r) {
      return (!kind || r.kind === kind) && (!region || r.region === region) && (!word || r.word === word) && words.every(function (w) { return r.text.includes(w); });
    });
    if (sort !== 'order' || down) shown.sort(function (a, b) {
      var x = a[k], y = b[k];
      if (x === null || y === null) return x === y ? a.i - b.i : x === null ? 1 : -1;
      var by = typeof x === 'number' ? x - y : compare(x, y);
      return (down ? -by : by) || a.i - b.i;
    });
    page = 0;
  }
  function cell(tr, label, text, cls) {
    var td = el('td', { role: 'cell', 'data-label': label }, text);
    if (cls) td.className = cls;
    tr.append(td);
    return td;
  }
  function draw(all) {
    var from = all ? 0 : page * PAGE;
    var part = shown.slice(from, all ? 2000 : from + PAGE);
    var body = document.createDocumentFragment();
    part.forEach(function (r) {
      var tr = el('tr', { role: 'row', id: 'row-' + r.i, tabindex: '-1' });
      if (here === r) tr.className = 'here';
      var name = cell(tr, 'Snapshot'); var a = el('a', { href: hash(r) }); a.append(el('bdi', {}, r.name)); name.append(a);
      cell(tr, 'Source').append(el('bdi', {}, r.source));
      cell(tr, 'Kind', r.kind); cell(tr, 'Region', r.region);
      cell(tr, 'Age in days', r.age === null ? 'not known' : String(r.age), 'n').title = date(r.at);
      cell(tr, 'GB', r.size === null ? 'not known' : String(r.size), 'n');
      cell(tr, 'At most per month', r.cost === null ? 'not known' : '$' + r.cost.toFixed(2), 'n');
      var v = cell(tr, 'Verdict'); v.append(el('span', { 'class': 'v ' + r.mark }, r.word));
      var why = cell(tr, 'Why', r.reasons); why.append(el('div', { 'class': 'dim' }, r.policy + (r.tags ? '; tags: ' + r.tags : '')));
      body.append(tr);
    });
    $('body').replaceChildren(body);
    $('count').textContent = shown.length === 0 ? 'No snapshot matches' : 'Snapshots ' + (from + 1) + ' to ' + (from + part.length) + ' of ' + shown.length;
    $('previous').disabled = page === 0;
    $('next').disabled = from + PAGE >= shown.length;
  }
  document.querySelectorAll('#rows th[data-sort]').forEach(function (th) {
    th.querySelector('button').addEventListener('click', function () {
      down = sort === th.dataset.sort ? !down : false;
      sort = th.dataset.sort;
      document.querySelectorAll('#rows th[data-sort]').forEach(function (o) { o.setAttribute('aria-sort', o === th ? (down ? 'descending' : 'ascending') : 'none'); });
      select(); draw();
    });
  });
  $('filters').addEventListener('input', function () { select(); draw(); });
  $('filters').addEventListener('submit', function (e) { e.preventDefault(); });
  $('filters').addEventListener('reset', function () { setTimeout(function () { select(); draw(); }); });
  $('previous').addEventListener('click', function () { page -= 1; draw(); });
  $('next').addEventListener('click', function () { page += 1; draw(); });
  window.addEventListener('beforeprint', function () { draw(true); });
  window.addEventListener('afterprint', function () { draw(); });
  function follow() {
    var wanted = '';
    try { wanted = decodeURIComponent(location.hash.slice(1)); } catch (e) { wanted = ''; }
    here = wanted ? rows.find(function (r) { return (r.arn || r.name) === wanted; }) || null : null;
    if (here && !shown.includes(here)) { $('search').value = ''; $('f-kind').value = ''; $('f-region').value = ''; $('f-word').value = ''; select(); }
    if (here) page = Math.floor(shown.indexOf(here) / PAGE);
    draw();
    if (here) { var tr = $('row-' + here.i); tr.scrollIntoView({ block: 'center' }); tr.focus({ preventScroll: true }); }
  }
  window.addEventListener('hashchange', follow);
  select(); follow();
})();
`;
