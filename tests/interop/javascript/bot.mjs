// A bot that plays nim with a bitbroker, written from docs/protocol.md and schemas/ alone. In Node it speaks TCP:
//   node bot.mjs --broker tcp://127.0.0.1:9000 --name nimbot
// in a browser WebSocket: see index.html.

const protobuf = globalThis.protobuf ?? (await import("protobufjs")).default; // index.html has loaded it, or Node does
const SCHEMAS = "../../../schemas/";
const schema = await protobuf.load(
  ["initial.proto", "extended.proto"].map((file) =>
    decodeURIComponent(new URL(SCHEMAS + file, import.meta.url).pathname)),
);

// Opcode and operand of each message that we say or hear, with its type.
const type = (name) => schema.lookupType(name);
const BOT_HELLO = { code: 0x0002, type: type("bitbroker.v1.Hello") };
const BOT_INFO = { code: 0x0022, type: type("bitbroker.initial.InitialMessageProto") };
const WELCOME = { code: 0x0010, type: type("bitbroker.v1.Welcome") };
const START = { code: 0x0012, type: type("bitbroker.v1.Start") };
const REQUEST = { code: 0x0302, type: type("bitbroker.v1.Request") };
const DECISION = { code: 0x0303, type: type("bitbroker.v1.Decision") };
const NOT_TAKEN = { code: 0x0304, type: type("bitbroker.v1.NotTaken") };
const RESIGNATION = { code: 0x0305 };
const REFUSAL = { code: 0x00fd, type: type("bitbroker.v1.Refusal") };
const OUTCOME = { code: 0x00ff, type: type("bitbroker.v1.Outcome") };
const PING = { code: 0x00f0 };
const PONG = { code: 0x00f1 };
const LEAVE = { code: 0x00f2 };
const BASIC_REQUEST = 0x02; // the opcode alone: the operand is the time
const BASIC_DECISION = { code: 0x0200 };
const BASIC_OVER = { code: 0x00ff };

const causes = schema.lookupEnum("bitbroker.v1.Cause").valuesById;

const PATIENCE_MS = 30_000; // how long to try to reach a broker that is not there yet
const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** The connection was lost, which another one may mend. */
class Lost extends Error {}

/** The broker's last word. */
class Refused extends Error {
  constructor({ code, message, retryAfterMs }) {
    super(`refused: ${code}: ${message}`);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Plays one match, over as many connections as it takes. */
export class Bot {
  #welcome; // the latest one
  #key = ""; // what to come back with; empty: as a new bot
  #started = false; // the match has begun, as far as we know
  #reached; // a broker has answered on the latest connection

  /**
   * `broker` is tcp://HOST:PORT, lines://HOST:PORT or ws://HOST:PORT; `match` a name under which to meet; `token` says who
   * we are, for a broker with a roster.
   */
  constructor({ broker, name = "nimbot", match = "", token = "", resign = false, log = console.log }) {
    if (!/^(tcp|lines|wss?):\/\/./.test(broker)) {
      throw new Error(`no broker at ${broker}: the address begins with tcp://, lines://, ws:// or wss://`);
    }
    Object.assign(this, { broker: new URL(broker), name, match, token, resign, log });
  }

  /** Comes back after each lost connection, and tells how the match ended. */
  async play() {
    let pause = SHORTEST_PAUSE_MS;
    let giveUp = Date.now() + PATIENCE_MS;
    for (;;) {
      this.#reached = false;
      try {
        return await this.#converse();
      } catch (error) {
        if (this.#reached) {
          pause = SHORTEST_PAUSE_MS;
          giveUp = Date.now() + (this.#started ? this.#welcome.resumeGraceMs : PATIENCE_MS);
        }
        if (error instanceof Refused && error.code === "unknown-key" && !this.#started) {
          this.#key = ""; // the match had not begun when the connection was lost: our place is lost with it
        } else if (error instanceof Refused && error.retryAfterMs !== null) {
          this.#key = "";
          this.#started = false;
          pause = error.retryAfterMs;
          giveUp = Date.now() + PATIENCE_MS;
        } else if (!(error instanceof Lost)) {
          throw error;
        } else if (this.#reached && !this.#welcome) {
          throw new Error(`the match was lost on the basic wire, which takes nobody back: ${error.message}`);
        } else if (Date.now() + pause > giveUp) {
          throw new Error(`gave up: ${error.message}`);
        }
        this.log(`lost: ${error.message}; trying again in ${pause} ms`);
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }
  }

  /** Holds one connection. */
  async #converse() {
    const { send, messages, close } = await transports[this.broker.protocol](this.broker);
    try {
      const { name, match, token } = this;
      send(pack(BOT_HELLO, { protocol: 1, name, match, token, resumeKey: this.#key, client: "nimbot in JavaScript" }));
      send(pack(BOT_INFO, { botName: name })); // for a basic broker, which needs it
      let hear;
      for await (const raw of messages) {
        this.#reached = true;
        const code = (raw[0] << 8) | raw[1];
        hear ??= code === WELCOME.code || code === REFUSAL.code ? this.#hear : this.#hearBasic;
        const outcome = hear.call(this, code, raw.subarray(2), send);
        if (outcome !== undefined) return outcome;
      }
      throw new Lost("the connection ended");
    } finally {
      close();
    }
  }

  /** Takes one message of the extended wire; returns how the match ended, once it has. */
  #hear(code, body, send) {
    switch (code) {
      case WELCOME.code:
        this.#welcome = WELCOME.type.decode(body);
        this.#key = this.#welcome.resumeKey; // at once: the start may be lost on its way, with the connection
        break;
      case START.code:
        this.#hearStart(START.type.decode(body));
        break;
      case REQUEST.code:
        this.#answer(REQUEST.type.decode(body), send);
        break;
      case NOT_TAKEN.code: {
        const { number, cause, lateUs } = NOT_TAKEN.type.decode(body);
        this.log(`not taken: turn ${number}, ${causes[cause]}, ${lateUs / 1000} ms late`);
        break;
      }
      case PING.code:
        send(pack(PONG, body));
        break;
      case REFUSAL.code:
        throw new Refused(REFUSAL.type.decode(body));
      case OUTCOME.code: {
        const { cause, detail } = OUTCOME.type.decode(body);
        return `${causes[cause] ?? cause} ${detail}`.trim();
      }
    }
  }

  #hearStart({ matchId, seat, players }) {
    this.log(this.#started
      ? `back in match ${matchId}`
      : `started: match ${matchId}, seat ${seat} of ${players.length}`);
    this.#started = true;
  }

  #answer({ number, state }, send) {
    let move;
    try {
      move = decide(state);
    } catch (error) {
      send(pack(LEAVE)); // so that nobody waits for our return
      throw error;
    }
    if (move.lost && this.resign) {
      this.log(`resigned in turn ${number}`);
      send(pack(RESIGNATION));
    } else {
      send(pack(DECISION, { number, decision: move.decision }));
    }
  }

  /** Takes one message of the basic wire; returns how the match ended, once it has. */
  #hearBasic(code, body, send) {
    if (code === BASIC_OVER.code) return "the match is over, or there was no place";
    if (code >> 8 === BASIC_REQUEST) send(pack(BASIC_DECISION, decide(body).decision));
  }
}

/** A message's bytes; the content is an object of its type, or bytes where it has none. */
function pack({ code, type }, content = []) {
  const body = type ? type.encode(content).finish() : content;
  const raw = new Uint8Array(2 + body.length);
  raw.set([code >> 8, code & 0xff]);
  raw.set(body, 2);
  return raw;
}

/**
 * Plays nim: players take from one heap in turn, and who takes the last piece wins. A state is the heaps' sizes, such
 * as "3 4 5"; a decision is a heap, counted from 0, and how many to take from it, such as "0 2".
 */
function decide(state) {
  const heaps = new TextDecoder().decode(state).split(" ").map(Number);
  const sum = heaps.reduce((a, b) => a ^ b, 0); // without carry: who leaves 0 behind wins
  let heap = heaps.findIndex((size) => (size ^ sum) < size);
  let taken = heaps[heap] - (heaps[heap] ^ sum);
  const lost = heap < 0; // an opponent without fault wins
  if (lost) {
    heap = heaps.findIndex((size) => size > 0);
    taken = 1;
  }
  if (heap < 0) throw new Error("no state of nim: nothing is left to take");
  return { decision: new TextEncoder().encode(`${heap} ${taken}`), lost };
}

// Each transport opens a connection, and gives what sends one message, what yields one after the other, and what closes.
const transports = {
  "tcp:": (url) => openTcp(url, prefixed),
  "lines:": (url) => openTcp(url, lines),
  "ws:": openWebSocket,
  "wss:": openWebSocket,
};

async function openTcp({ hostname, port }, { frame, frames }) {
  const [{ once }, { connect }] = await Promise.all([import("node:events"), import("node:net")]);
  const socket = connect({ host: hostname, port, noDelay: true, keepAlive: true });
  await orLost(once(socket, "connect"));
  return { send: (raw) => socket.write(frame(raw)), messages: frames(received(socket)), close: () => socket.destroySoon() };
}

/** The bytes that come, until the end. */
async function* received(socket) {
  const chunks = socket[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await orLost(chunks.next());
    if (done) return;
    yield value;
  }
}

const orLost = (promise) => promise.catch((error) => { throw new Lost(error.message); });

/** The framing that puts each message's length before it. */
const prefixed = {
  frame(raw) {
    const framed = Buffer.alloc(4 + raw.length);
    framed.writeUInt32BE(raw.length);
    framed.set(raw, 4);
    return framed;
  },
  async *frames(chunks) {
    let held = Buffer.alloc(0);
    for await (const chunk of chunks) {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 4 && held.length >= 4 + held.readUInt32BE()) {
        const end = 4 + held.readUInt32BE();
        yield held.subarray(4, end);
        held = held.subarray(end);
      }
    }
  },
};

/** The framing that makes each message a line of base64; the only one of brokers that are built on the crate. */
const lines = {
  frame: (raw) => `${Buffer.from(raw).toString("base64")}\n`,
  async *frames(chunks) {
    let held = "";
    for await (const chunk of chunks) {
      const parts = (held + chunk.toString("latin1")).split("\n");
      held = parts.pop();
      for (const line of parts) yield Buffer.from(line, "base64");
    }
  },
};

function openWebSocket(url) {
  const socket = new WebSocket(url, "bitbroker.v1");
  socket.binaryType = "arraybuffer";
  const messages = new ReadableStream({
    start(controller) {
      socket.onmessage = ({ data }) => controller.enqueue(new Uint8Array(data));
      socket.onclose = () => controller.close();
    },
  });
  const close = () => {
    socket.onclose = null; // the stream is closed already by who read it
    socket.close();
  };
  const connection = { send: (raw) => socket.send(raw), messages, close };
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(connection);
    socket.onerror = () => reject(new Lost(`no WebSocket at ${url}`));
  });
}

async function main() {
  const { parseArgs } = await import("node:util");
  const { values } = parseArgs({
    options: {
      broker: { type: "string", default: "tcp://127.0.0.1:9000" },
      name: { type: "string" },
      match: { type: "string" },
      resign: { type: "boolean" },
    },
  });
  console.log(`over: ${await new Bot({ ...values, token: process.env.BITBROKER_TOKEN }).play()}`);
}

if (globalThis.process?.argv[1] === decodeURIComponent(new URL(import.meta.url).pathname)) {
  main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
