import { bit, indicesOf, type Mask, union, type World, type WorldVersion } from "./brute-world.ts";

/** What the field looks like, and what the plan has promised. */
export interface State {
  /** Live versions of each place. */
  readonly live: readonly Mask[];
  readonly introduced: Mask;
  readonly retired: Mask;
  /** Target firmware that is staged. */
  readonly staged: Mask;
  /** Staged firmware that an app in the field waits for: nothing else moves. */
  readonly pending: Mask;
  /** Services that have to leave before anything else happens. */
  readonly leaving: Mask;
  /** Only retirements from here on, which nothing waits for. */
  readonly ending: boolean;
}

export interface Move {
  /** `drain` is no step: a version that is stuck on one hardware model leaves another. */
  readonly action: "introduce" | "retire" | "drain";
  readonly version: WorldVersion;
  readonly staged: boolean;
  /** An app's retirement that comes before an introduction. */
  readonly awaited: boolean;
  /** Versions that an introduction takes the place of. */
  readonly replaces: Mask;
  /** App versions that a guarded introduction does not fit. */
  readonly guarded: Mask;
  readonly state: State;
}

/** Every move that docs/planning.md allows now. */
export function movesFrom(world: World, state: State): Move[] {
  return [...world.versions.keys()].flatMap((index) => [
    ...retire(world, state, index),
    ...drain(world, state, index),
    ...(state.ending ? [] : [...introduce(world, state, index), ...stage(world, state, index)]),
  ]);
}

function introduce(world: World, state: State, index: number): Move[] {
  const version = world.versions[index]!;
  const { kind, own } = version;
  const me = bit(index);
  const live = union(state.live);
  const replaced =
    kind === "firmware" ? replacedFirmware(world, state, index) : live & own & ~me & ~world.stuck;
  const disagreeing = live & ~version.fits;
  if (!version.isOffered || (state.introduced & me) !== 0 || state.leaving !== 0) return [];
  // A broken pair of the field: neither of the two is introduced while the other lives, unless guarded.
  if ((live & me) !== 0 && disagreeing !== 0 && kind !== "firmware") return [];
  let { pending } = state;
  if (kind === "service") {
    if (pending !== 0 || disagreeing !== 0) return [];
  } else if (kind === "app") {
    if (replaced > me) return [];
    const waitsFor = bridgedBy(world, state, version, disagreeing);
    if (waitsFor === null || (pending !== 0 && waitsFor === 0)) return [];
    pending |= waitsFor;
  } else {
    if (pending !== 0 && (pending & me) === 0) return [];
    if ((replaced === 0 && !isFirst(world, state, index)) || !isGuardable(world, live, version, disagreeing))
      return [];
    pending &= ~me;
  }
  const introduced = state.introduced | me;
  const leaving = kind === "service" && !version.keepsVersions ? replaced : 0;
  const retired = state.retired & ~me;
  const next = { ...state, live: bringIn(world, state, index), introduced, retired, pending, leaving };
  const guarded = kind === "firmware" ? disagreeing : 0;
  return [
    { action: "introduce", version, staged: false, awaited: false, replaces: replaced, guarded, state: next },
  ];
}

/** What lives where once a version is introduced; firmware goes on to wherever it can be installed. */
function bringIn(world: World, state: State, index: number): Mask[] {
  const { kind, own } = world.versions[index]!;
  const live = [...state.live];
  if (kind !== "firmware")
    return live.map((mask, at) => (world.places[at]!.own === own ? mask | bit(index) : mask));
  const offered = (state.introduced & ~state.retired) | bit(index);
  if (isFirst(world, state, index)) {
    return live.map((mask, at) => (world.places[at]!.own === own ? mask | bit(index) : mask));
  }
  for (let before = ""; before !== live.join();) {
    before = live.join();
    for (const [at, { leading, stuck }] of world.places.entries()) {
      for (const each of indicesOf(offered & leading)) {
        if ((live[at]! & ~stuck & ~bit(each) & world.versions[each]!.over) !== 0) live[at]! |= bit(each);
      }
    }
  }
  return live;
}

/** Live versions that a firmware installs over on some hardware model, those aside that never leave it. */
function replacedFirmware({ places, targets, versions }: World, { live }: State, index: number): Mask {
  const found = union(
    places.map(({ leading, stuck }, at) =>
      (leading & bit(index)) === 0 ? 0 : live[at]! & ~stuck & ~bit(index) & versions[index]!.over,
    ),
  );
  return found & ~targets;
}

/** Whether it is the first firmware of a component of which the field holds none. */
function isFirst({ places, versions }: World, { live }: State, index: number): boolean {
  const { isTarget, own } = versions[index]!;
  return isTarget && places.every(({ field }, at) => ((field | live[at]!) & own) === 0);
}

/** Whether all that the firmware does not fit are apps whose users can move up to one that it fits. */
function isGuardable(world: World, live: Mask, firmware: WorldVersion, disagreeing: Mask): boolean {
  if (disagreeing === 0) return true;
  if (!world.observed || (disagreeing & world.stuck) !== 0) return false;
  return indicesOf(disagreeing).every((index) => {
    const { kind, own } = world.versions[index]!;
    const fitting = live & own & firmware.fits;
    // Nobody gets to a version that is stuck above the release, so another one has to be there to wait for.
    return kind === "app" && (fitting & ~world.stuck) !== 0 && (fitting & -fitting) > bit(index);
  });
}

/** The staged firmware that makes up for all that the app does not fit; null when something remains. */
function bridgedBy(world: World, state: State, app: WorldVersion, disagreeing: Mask): Mask | null {
  if (disagreeing === 0) return 0;
  if (!world.observed || (disagreeing & world.stuck) !== 0 || (disagreeing & ~app.bridges) !== 0) return null;
  let waitsFor = 0;
  for (const old of indicesOf(disagreeing)) {
    const [staged] = indicesOf(state.staged & ~state.introduced & world.versions[old]!.own);
    if (staged === undefined || (app.fits & bit(staged)) === 0) return null;
    if ((world.versions[staged]!.over & bit(old)) === 0) return null;
    const hasItEverywhere = world.places.every(
      ({ leading }, at) => (state.live[at]! & bit(old)) === 0 || (leading & bit(staged)) !== 0,
    );
    if (!hasItEverywhere) return null;
    waitsFor |= bit(staged);
  }
  return waitsFor;
}

function stage(world: World, state: State, index: number): Move[] {
  const version = world.versions[index]!;
  const me = bit(index);
  if (version.kind !== "firmware" || !version.isTarget || !version.isOffered || !world.observed) return [];
  if (((state.staged | state.introduced) & me) !== 0) return [];
  const replaces = replacedFirmware(world, state, index);
  if (state.pending !== 0 || state.leaving !== 0 || replaces === 0) return [];
  if (!world.versions.some(({ bridges }) => (bridges & version.own) !== 0)) return [];
  const next = { ...state, staged: state.staged | me };
  return [{ action: "introduce", version, staged: true, awaited: false, replaces, guarded: 0, state: next }];
}

function retire(world: World, state: State, index: number): Move[] {
  const version = world.versions[index]!;
  const { kind, own } = version;
  const me = bit(index);
  const live = union(state.live);
  if ((live & me) === 0 || version.isTarget || (world.stuck & me) !== 0 || state.pending !== 0) return [];
  if (state.leaving !== 0 && (state.leaving & me) === 0) return [];
  const others = live & own & ~me;
  if (kind === "app" && (others & ~world.stuck) < me) return [];
  if (kind === "service" && others === 0) return [];
  if (kind === "firmware" && !hasPlaceToGo(world, state, index)) return [];
  const next = {
    ...state,
    live: state.live.map((mask) => mask & ~me),
    retired: state.retired | me,
    leaving: state.leaving & ~me,
  };
  const move = { action: "retire", version, staged: false, replaces: 0, guarded: 0 } as const;
  if (kind !== "app" || state.ending) return [{ ...move, awaited: false, state: next }];
  return [
    { ...move, awaited: true, state: next },
    { ...move, awaited: false, state: { ...next, ending: true } },
  ];
}

function drain(world: World, state: State, index: number): Move[] {
  const version = world.versions[index]!;
  if (version.kind !== "firmware" || (world.stuck & bit(index)) === 0 || state.pending !== 0) return [];
  const live = state.live.map((mask, at) => {
    const { leading, stuck } = world.places[at]!;
    const offered = state.introduced & ~state.retired & leading & ~bit(index);
    const hasPlace = indicesOf(offered).some((other) => (world.versions[other]!.over & bit(index)) !== 0);
    return hasPlace ? mask & ~(bit(index) & ~stuck) : mask;
  });
  if (live.join() === state.live.join()) return [];
  return [
    {
      action: "drain",
      version,
      staged: false,
      awaited: false,
      replaces: 0,
      guarded: 0,
      state: { ...state, live },
    },
  ];
}

function hasPlaceToGo({ places, versions }: World, state: State, index: number): boolean {
  return places.every(({ leading }, at) => {
    if ((state.live[at]! & bit(index)) === 0) return true;
    const offered = state.introduced & ~state.retired & leading & ~bit(index);
    return indicesOf(offered).some((other) => (versions[other]!.over & bit(index)) !== 0);
  });
}
