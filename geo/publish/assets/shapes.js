/* Draws encoded lines and areas (see geo/publish/basemap.py) on two canvases under the data. */
(function () {
  "use strict";
  var digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  var values = new Map(Array.from(digits, function (c, k) { return [c, k]; }));
  var panes = [["base", 200], ["relief", 210], ["surface", 220], ["net", 230], ["routes", 410],
    ["dots", 420], ["labels", 450]];

  function decode(codes) {
    var parts = [], part = [], x = 0, y = 0, value = 0, shift = 0, odd = false;
    for (var i = 0; i < codes.length; i += 1) {
      if (codes[i] === ".") {
        parts.push(part);
        part = [];
        continue;
      }
      var digit = values.get(codes[i]);
      value += (digit % 32) * Math.pow(2, shift);
      shift += 5;
      if (digit > 31) { continue; }
      var step = value % 2 ? -(value + 1) / 2 : value / 2;
      value = shift = 0;
      if (odd) {
        y += step;
        part.push([y / 1000, x / 1000]);
      } else {
        x += step;
      }
      odd = !odd;
    }
    return parts;
  }

  function prepare(map) {
    if (map.lodemapShapes) { return; }
    map.lodemapShapes = [];
    panes.forEach(function (pane) {
      var node = map.getPane(pane[0]) || map.createPane(pane[0]);
      node.style.zIndex = pane[1];
      if (pane[0] !== "dots" && pane[0] !== "routes") { node.style.pointerEvents = "none"; }
    });
    map.lodemapBase = L.canvas({pane: "base", padding: 0.2});
    map.lodemapNet = L.canvas({pane: "net", padding: 0.2});
  }

  window.lodemapDecode = decode;
  window.lodemapShapes = function (map, style, codes) {
    prepare(map);
    var under = style.role === "land" || style.role === "region";
    var fill = style.area && style.role !== "outline" && style.role !== "protected";
    var options = {
      renderer: under ? map.lodemapBase : map.lodemapNet,
      interactive: false, smoothFactor: 0.7,
      stroke: !fill, color: style.color, weight: style.role === "outline" ? 1.8 : 1,
      opacity: style.fade * (style.faint ? 0.3 : 1),
      fill: fill, fillColor: style.color, fillOpacity: 1
    };
    var parts = decode(new TextDecoder().decode(window.lodemapInflate(codes)));
    var layer = style.area ? L.polygon(parts, options) : L.polyline(parts, options);
    layer.lodemap = style;
    // The page lays them on once it knows its view: each is projected then, and not twice.
    map.lodemapShapes.push(layer);
    return layer;
  };
})();
