/**
 * The words that this project does not use, with what to use instead.
 *
 * `IDENTIFIERS` are names from before the code took the standard terms of the field. They are matched
 * case by case. `PHRASES` are wordings that a reader stumbles over; they are matched in any case, in
 * comments, messages, tests and documents. CONTRIBUTING.md explains the rules.
 */

/** A wording to avoid. */
interface Word {
  readonly pattern: RegExp;
  /** The replacement, or how to find one. */
  readonly use: string;
  /** Texts around a match that make it right: ordinary words, and words of the wire protocol. */
  readonly allowed?: RegExp;
}

function word(pattern: string, use: string, allowed?: string): Word {
  return {
    pattern: new RegExp(pattern, "g"),
    use,
    ...(allowed === undefined ? {} : { allowed: new RegExp(allowed) }),
  };
}

function phrase(pattern: string, use: string, allowed?: string): Word {
  return {
    pattern: new RegExp(`\\b(?:${pattern})\\b`, "gi"),
    use,
    ...(allowed === undefined ? {} : { allowed: new RegExp(allowed, "i") }),
  };
}

/** Old identifiers; the allowed texts are words of the wire protocol. */
export const IDENTIFIERS: readonly Word[] = [
  word("[Dd]oorbell", "poll barrier"),
  word("crowd_watch|CrowdWatch|crowdWatch", "idle GC"),
  word("surviveBugs", "logUnhandledRejections"),
  word("makeWay", "disconnectBusy"),
  word("waiting_line|WaitingLine|waitingLine", "fair queue"),
  word("(?:new |: |class |<|type |\\{ )(?:Buffers|Holder)\\b", "BufferBudget, BufferOwner"),
  word("\\badmitted\\b", "authenticated"),
  word("\\bSession(?:Limits|Options)?\\b", "Connection", "inspector|new Session\\(\\)"),
  word("\\bwhyNo(?:Changes|Writes)\\b", "writeError"),
  word("\\bshownBy(?:Key|Table)\\b", "lastWriteSeq"),
  word("\\bletGo\\b", "resolveReady"),
  word("\\btell\\(", "reply("),
  word("\\bspells\\(", "stringEquals("),
  word("torn_end|[Tt]ornEnd", "torn tail"),
  word("replaced_files|[Rr]eplacedFiles", "deferred delete"),
  word("\\bOwnShare\\b|own_share", "LocalShare"),
  word("\\bTold\\b|\\btoldOf\\b", "a noun such as RunReporter; decodedTexts"),
  word("\\b(?:LEAST|MOST)_[A-Z]", "MIN_, MAX_"),
  word("\\bPace\\b|\\bPacing\\b|\\bpace\\.rest\\b", "Yielder"),
  word("\\bgiveUp\\b|NEVER_AGAIN", "dropPermissions, UNUSED_PERMISSIONS; cancel, abort"),
  word("\\bKept\\b|\\bWalked\\b|\\bBegun\\b|\\bSalvaged\\b", "a noun"),
  word("\\brunMain\\b", "main"),
  word("[Oo]utbox", "reply buffer"),
  word("AddressBook|address_book", "AddressLimiter"),
  word("\\bturnedAway\\b|turned_away", "rejected", "[\"'`.]turned_away|turned_away:"),
  word("greeting|GREETING", "handshake"),
  word("\\bprogressMs\\b", "lastActivityMs"),
  word("\\bUnwritten\\b", "PendingReply"),
  word("\\bafterSeq\\b", "durableAfterSeq"),
  word("\\bMARKS\\b", "LAST_WRITE_SLOTS"),
  word("SyncChoice|sync_choice", "SyncPolicy"),
  word("(?:interface|type|class) Place\\b", "KeyLocation"),
  word("[Uu]ntid|\\b[Tt]id(?:y|ies|ied)\\b|[a-z]Tidy\\b|\\btidy[A-Z]", "removeOldLogs, oldLogs"),
  word("[Ss]alvag", "repair"),
  word("fulfilledWithin", "settlesWithin"),
  word("\\bLink\\b", "Connection"),
  word("\\bCrew\\b|\\bSurroundings\\b", "Shares, RunEnvironment"),
  word("\\bplanOf\\b|\\basItIsMs\\b", "planRun, settleMs"),
  word(
    "TURN_MS|PER_TURN|#turn\\b|[a-z]Turn\\(",
    "batch (of the queue)",
  ),
];

const PEOPLE = "(?:users?|people|persons?|operators?|readers?|authors?|newcomers?|colleagues?|" +
  "engineers?|developers?|contributors?|attackers?|students?|administrators?|those)";

/** Old wordings. */
export const PHRASES: readonly Word[] = [
  phrase("who|whom", "it, that, the client that ...", `${PEOPLE},? (?:\\w+ )?whom?\\b`),
  phrase("who(?:m)?ever", "a client that ..., if a program ..."),
  phrase(
    "(?:no|some|any|every)body(?:'s)?|(?:some|any|every)one(?:'s)?|no one",
    "name the program or user",
  ),
  phrase("strangers?", "unauthenticated client, unknown peer"),
  phrase("lets? (?:\\w+ ){0,3}go|letting go", "resolves, releases, closes"),
  phrase("told|tells?|telling", "reports, logs, replies, distinguishes, shows"),
  phrase("owner'?s place|kept for the owner", "reserved connection"),
  phrase("turn(?:ed|s)? away", "rejected"),
  phrase("greets?|greetings?", "handshake"),
  phrase("so (?:many|much)", "at most N, as many as, that number of"),
  phrase("as far as", "to the extent, what, if"),
  phrase("where (?:that|this|it) is (?:so|not so)", "if so, otherwise"),
  phrase("what (?:comes|came|becomes|became) of", "the result of"),
  phrase("in vain", "without success"),
  phrase("for good", "permanently"),
  phrase("now and then|every now and then", "periodically"),
  phrase("sees? to it", "makes sure"),
  phrase("(?:is|are|was|were) to be (?!h)\\w+ed", "must be"),
  phrase("stands? (?:in|for|there|at the|behind|before)", "is, means, waits"),
  phrase("on (?:its|their) way", "in flight"),
  phrase("anew", "again, new"),
  phrase("hence|thereof|therein|whereby|wherein|thereby", "so, by that"),
  phrase("(?:beside|besides) that", "also"),
  phrase(
    "behavio(?:u)rs?(?<=our|ours)|colours?|favours?|neighbours?|honours?|centres?|catalogues?|cancell(?:ed|ing)|labell(?:ed|ing)|grey|whilst|amongst|artefacts?|programme",
    "American spelling",
  ),
  phrase(
    "\\w+(?:ial|al|im|gn|an|ar|ch?ron|lel)is(?:e|es|ed|ing|ation)",
    "American spelling: -ize",
    "\\b(?:otherwise|likewise|promis|precis|advis|revis|surpris|compris|exercis|rais|analys|this|paris)",
  ),
];
