/* Reads what geo/publish/packed.py wrote: base 64 of a raw deflate stream (RFC 1951). */
(function () {
  "use strict";
  var order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
  var fixed = null;
  /* First value and further bits of the codes of lengths and distances. */
  function steps(count, first, every) {
    var base = new Uint16Array(count), extra = new Uint8Array(count), next = first;
    for (var k = 0; k < count; k += 1) {
      extra[k] = k < 2 * every ? 0 : Math.floor(k / every) - 1;
      base[k] = next;
      next += 1 << extra[k];
    }
    return {base: base, extra: extra};
  }
  var lengths = steps(29, 3, 4), distances = steps(30, 1, 2);
  lengths.base[28] = 258;
  lengths.extra[28] = 0;

  /* All that can stand in the next bits, with the symbol and its size: one look finds both. */
  function table(sizes) {
    var counts = new Uint16Array(17), next = new Uint16Array(17), most = 1, code = 0;
    sizes.forEach(function (n) { counts[n] += 1; });
    counts[0] = 0;
    for (var n = 1; n < 16; n += 1) {
      code = (code + counts[n - 1]) << 1;
      next[n] = code;
      if (counts[n]) { most = n; }
    }
    var found = new Uint16Array(1 << most);
    sizes.forEach(function (size, symbol) {
      if (!size) { return; }
      var given = next[size], turned = 0;
      next[size] += 1;
      for (var k = 0; k < size; k += 1) { turned |= (given >> k & 1) << (size - 1 - k); }
      for (; turned < found.length; turned += 1 << size) { found[turned] = symbol << 4 | size; }
    });
    return found;
  }
  function fixedTables() {
    var sizes = Array.from({length: 288}, function (_, k) { return k < 144 ? 8 : k < 256 ? 9 : k < 280 ? 7 : 8; });
    fixed = fixed || [table(sizes), table(new Array(30).fill(5))];
    return fixed;
  }

  window.lodemapInflate = function (text) {
    var letters = atob(text), from = 0, bits = 0, held = 0, at = 0, last = 0;
    var out = new Uint8Array(letters.length * 4 + 1024);
    function need(n) {
      while (held < n) {
        bits |= (from < letters.length ? letters.charCodeAt(from) : 0) << held;
        from += 1;
        held += 8;
      }
    }
    function take(n) {
      need(n);
      var found = bits & ((1 << n) - 1);
      bits >>>= n;
      held -= n;
      return found;
    }
    function symbol(codes) {
      need(15);
      var found = codes[bits & (codes.length - 1)];
      bits >>>= found & 15;
      held -= found & 15;
      return found >> 4;
    }
    function room(n) {
      if (at + n <= out.length) { return; }
      var wider = new Uint8Array(2 * out.length + n);
      wider.set(out);
      out = wider;
    }
    function dynamicTables() {
      var many = take(5) + 257, far = take(5) + 1, sizes = new Array(19).fill(0), found = [];
      for (var k = 0, n = take(4) + 4; k < n; k += 1) { sizes[order[k]] = take(3); }
      var codes = table(sizes);
      while (found.length < many + far) {
        var s = symbol(codes), again = s < 16 ? 1 : s === 16 ? 3 + take(2) : s === 17 ? 3 + take(3) : 11 + take(7);
        var size = s < 16 ? s : s === 16 ? found[found.length - 1] : 0;
        while (again) {
          found.push(size);
          again -= 1;
        }
      }
      return [table(found.slice(0, many)), table(found.slice(many))];
    }
    function stored() {
      bits = held = 0;
      var size = letters.charCodeAt(from) | letters.charCodeAt(from + 1) << 8;
      from += 4;
      room(size);
      for (var k = 0; k < size; k += 1) { out[at + k] = letters.charCodeAt(from + k); }
      at += size;
      from += size;
    }
    function coded(codes, far) {
      for (;;) {
        var s = symbol(codes);
        if (s === 256) { return; }
        room(258);
        if (s < 256) {
          out[at] = s;
          at += 1;
          continue;
        }
        var n = lengths.base[s - 257] + take(lengths.extra[s - 257]), d = symbol(far);
        var back = at - distances.base[d] - take(distances.extra[d]);
        for (n += at; at < n; at += 1, back += 1) { out[at] = out[back]; }
      }
    }
    while (!last) {
      last = take(1);
      var kind = take(2);
      if (kind === 0) {
        from -= held >> 3;
        stored();
      } else { coded.apply(null, kind === 1 ? fixedTables() : dynamicTables()); }
    }
    return out.subarray(0, at);
  };
})();
