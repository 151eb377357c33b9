#!/usr/bin/env node
// Firmware of the ceiling fan, __MODEL__ __VERSION__: a program that says what it is and tests itself.
"use strict";
(() => {
  const model = "__MODEL__";
  const version = "__VERSION__";
  const speeds = __SPEEDS__;
  // Share of the motor's power at a speed, in percent; 100 is what the winding can bear.
  const powerPercent = (speed) => speed && __POWER__;

  const selfTest = () => {
    const powers = Array.from({ length: speeds + 1 }, (_, speed) => powerPercent(speed));
    return powers[0] === 0 && powers.every((power, i) => power <= 100 && (i === 0 || power > powers[i - 1]));
  };
  globalThis.firmware = { product: "ceiling-fan", model, version, selfTest };

  // A virtual device only reads what stands above; a real one has a port to answer on.
  if (typeof process === "undefined" || !process.env.IOTCTL_PORT) return;
  let speed = 0;
  const { createServer } = process.getBuiltinModule("node:http");
  createServer((request, response) => {
    const url = new URL(request.url, "http://fan");
    const answer = (status, value) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
    };
    if (url.pathname === "/health") {
      answer(selfTest() ? 200 : 500, { product: "ceiling-fan", model, version });
    } else if (url.pathname === "/speed") {
      const wanted = Number(url.searchParams.get("to") ?? speed);
      if (request.method === "POST" && Number.isInteger(wanted)) {
        speed = Math.min(Math.max(wanted, 0), speeds);
      }
      answer(200, { speed, speeds, powerPercent: powerPercent(speed) });
    } else {
      answer(404, { error: "not found" });
    }
  }).listen(Number(process.env.IOTCTL_PORT), "127.0.0.1");
})();
