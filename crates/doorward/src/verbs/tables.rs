//! Which columns people see of what.

use doorward_detect::narrative::short;
use doorward_proof::head::statement;
use doorward_serve::answers::heads::HeadRow;
use serde_json::{Value, json};

use crate::report::paragraph;
use crate::verbs::grid::{Column, fields, rows, section, text};
use crate::verbs::source::{More, Noun};

/// A page of a list, and how many come after it.
pub(crate) fn list(noun: Noun, found: &Value, more: More) -> String {
    let table = |items: &[Value]| match noun {
        Noun::Event => rows(&items.iter().map(shortened).collect::<Vec<_>>(), &EVENTS),
        Noun::Identity => rows(items, &IDENTITIES),
        Noun::Finding => rows(items, &FINDINGS),
        Noun::Unusual => rows(items, &UNUSUAL),
        Noun::Hold => rows(&items.iter().map(biting).collect::<Vec<_>>(), &HOLDS),
        Noun::Pep => rows(items, &PEPS),
        Noun::Token => rows(items, &TOKENS),
        Noun::Head => rows(items, &HEADS),
        Noun::Trend => rows(&with_bars(items), &TREND),
    };
    page(noun.words(), table, found, more)
}

/// A page of things of a name in a table, and how many come after it.
pub(crate) fn page(name: &str, table: impl FnOnce(&[Value]) -> String, found: &Value, more: More) -> String {
    let items = found.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() {
        return format!("No {name}.\n");
    }
    let table = table(items);
    let more = match more {
        More::None => return table,
        More::Exactly(count) => format!("{count} more"),
        More::Above(0) => "There are more".to_owned(),
        More::Above(count) => format!("More than {count} more"),
    };
    let cursor = text(found, "/next_cursor");
    format!("{table}{more}: --limit N lists them, or go on with --cursor {cursor}\n")
}

/// One thing.
pub(crate) fn show(noun: Noun, thing: &Value) -> String {
    match noun {
        Noun::Identity => identity(thing),
        Noun::Finding => finding(thing),
        Noun::Hold => fields(thing, &HOLD),
        Noun::Pep => fields(thing, &PEPS),
        Noun::Token => fields(thing, &TOKENS),
        Noun::Event => fields(thing, &EVENTS),
        Noun::Head => fields(thing, &HEADS),
        Noun::Trend => fields(thing, &TREND),
        Noun::Unusual => fields(thing, &UNUSUAL),
    }
}

/// How many cases are wanted, and what became of that.
pub(crate) fn budget(budget: &Value) -> String {
    let mut told = fields(budget, &BUDGET);
    told.push_str(&section(budget, ("By kind of identity", "/kinds"), &KIND_RATES));
    told
}

/// Whose sessions were ended.
pub(crate) fn kill(killed: &Value) -> String {
    fields(killed, &KILL)
}

/// Whom somebody means.
pub(crate) fn who(found: &Value) -> String {
    let mut told = format!("{} is taken for: {}.\n", text(found, "/asked"), text(found, "/taken_for"));
    let is_empty = |pointer: &str| found.pointer(pointer).and_then(Value::as_array).is_none_or(Vec::is_empty);
    if is_empty("/identities") && is_empty("/events") {
        told.push_str("Nobody is known by it, and no event has it.\n");
    }
    told.push_str(&section(found, ("Identities", "/identities"), &IDENTITIES));
    told.push_str(&section(found, ("Behind and beside them", "/behind"), &EDGES));
    let found_short = with_short_events(found);
    told.push_str(&section(&found_short, ("Events, newest first", "/events"), &EVENTS));
    if text(found, "/around") != text(found, "/events") {
        told.push_str(&section(&found_short, ("What the same identity did around then", "/around"), &EVENTS));
    }
    if found.get("looked_at_all") == Some(&Value::Bool(false)) {
        told.push_str(
            "\nOnly the end of the journal was looked at: doorward event list looks at all of it.\n",
        );
    }
    told
}

/// A signed head: what was signed as it was signed, then by which key, and how.
pub(crate) fn head(row: &HeadRow) -> String {
    let signed = row.signed().map(|signed| statement(&signed)).unwrap_or_default();
    format!("{signed}\npublic key {}\nsignature {}\n", row.public_key, row.signature)
}

/// What would be decided.
pub(crate) fn decision(explained: &Value) -> String {
    let mut told = fields(explained, &DECISION);
    if let Some(sentences) = explained.pointer("/answer/context/reason_admin").and_then(Value::as_object) {
        told.push_str("\nBecause:\n");
        for (code, sentence) in sentences {
            told.push_str(&format!(" {code}: {}\n", text(sentence, "")));
        }
    }
    told.push_str(&section(explained, ("Holds in force", "/holds"), &HOLDS_IN_FORCE));
    match explained.get("candidates").and_then(Value::as_array) {
        Some(looked_at) if looked_at.is_empty() => told.push_str("\nNo policy speaks of this.\n"),
        Some(_) => told.push_str(&section(explained, ("Policies looked at", "/candidates"), &CANDIDATES)),
        None => {}
    }
    told
}

fn identity(thing: &Value) -> String {
    let mut told = fields(thing, &IDENTITY);
    told.push_str(&section(thing, ("Credentials", "/credentials"), &CREDENTIALS));
    told.push_str(&section(thing, ("Policies", "/held"), &HELD));
    told.push_str(&section(thing, ("Behind and beside it", "/edges"), &EDGES));
    told.push_str(&section(thing, ("Findings", "/findings"), &[("id", "")]));
    let holds = thing.get("holds").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let holds = json!({"holds": holds.iter().map(biting).collect::<Vec<_>>()});
    told.push_str(&section(&holds, ("Holds", "/holds"), &HOLDS));
    told
}

/// A hold that bites nowhere says so in its column.
fn biting(hold: &Value) -> Value {
    let mut hold = hold.clone();
    if let Some(Value::Array(points)) = hold.get_mut("bites_at")
        && points.is_empty()
    {
        points.push(Value::from("nowhere"));
    }
    hold
}

fn finding(thing: &Value) -> String {
    let mut told = String::new();
    paragraph(&mut told, &text(thing, "/narrative"), (0, NARRATIVE_WIDTH));
    told.push('\n');
    told.push_str(&fields(thing, &FINDING));
    told.push_str(&section(thing, ("Who can", "/opened/examples"), &GAINED));
    told.push_str(&section(thing, ("By which way", "/opened/hops"), &HOPS));
    told.push_str(&section(thing, ("Opened by", "/opened/changes"), &CHANGES));
    told.push_str(&section(thing, ("Evidence", "/evidence"), &EVIDENCE));
    told
}

/// Points of the trend, each with a bar for how many administer an account or can come to, the longest for the most.
fn with_bars(points: &[Value]) -> Vec<Value> {
    let able = |point: &Value| {
        let number = |name: &str| point.get(name).and_then(Value::as_u64).unwrap_or(0);
        number("administrators") + number("escalating")
    };
    let most = points.iter().map(able).max().unwrap_or(0).max(1);
    let mut points = points.to_vec();
    for point in &mut points {
        let length = usize::try_from((able(point) * BAR).div_ceil(most)).unwrap_or(0);
        if let Some(members) = point.as_object_mut() {
            members.insert("bar".to_owned(), json!("#".repeat(length)));
        }
    }
    points
}

/// The longest bar.
const BAR: u64 = 20;

fn with_short_events(found: &Value) -> Value {
    let mut found = found.clone();
    for list in ["events", "around"] {
        if let Some(Value::Array(events)) = found.get_mut(list) {
            *events = events.iter().map(shortened).collect();
        }
    }
    found
}

/// An event with names as a person would say them: the whole ones are in the other forms of output.
fn shortened(event: &Value) -> Value {
    let mut event = event.clone();
    for member in ["identity", "target"] {
        if let Some(Value::String(id)) = event.get_mut(member) {
            *id = short(id).to_owned();
        }
    }
    // Whether the enforcement point that asked, which is where a decision comes from, vouches for who asks.
    let caller = text(&event, "/caller");
    if let (false, Some(Value::String(address))) = (caller.is_empty(), event.get_mut("address")) {
        *address = format!("{address} ({caller})");
    }
    event
}

/// Sentences are read, not copied into another program: they stand in lines.
const NARRATIVE_WIDTH: u16 = 100;
const EVENTS: [Column; 9] = [
    ("time", "/time"),
    ("identity", "/identity"),
    ("permission", "/permission"),
    ("outcome", "/outcome"),
    ("error", "/error"),
    ("target", "/target"),
    ("from", "/address"),
    ("client", "/client"),
    ("key", "/key"),
];
const IDENTITIES: [Column; 7] = [
    ("id", "/id"),
    ("kind", "/kind"),
    ("account", "/account"),
    ("events", "/events"),
    ("denied", "/denied"),
    ("risk", "/risk/level"),
    ("last seen", "/last_seen"),
];
const IDENTITY: [Column; 22] = [
    ("id", "/id"),
    ("name", "/name"),
    ("kind", "/kind"),
    ("platform", "/platform"),
    ("account", "/account"),
    ("unique id", "/unique_id"),
    ("created", "/created"),
    ("known from", "/inventory/source"),
    ("from event", "/inventory/from_event"),
    ("known since", "/inventory/first_seen"),
    ("known as of", "/inventory/last_seen"),
    ("first seen", "/first_seen"),
    ("last seen", "/last_seen"),
    ("events", "/events"),
    ("denied", "/denied"),
    ("risk", "/risk"),
    ("peers", "/peer_group"),
    ("groups", "/groups"),
    ("trusts", "/trusted"),
    ("asked about by", "/asked_by"),
    ("killed up to", "/kill/up_to"),
    ("killed because", "/kill/reason"),
];
const KILL: [Column; 4] =
    [("identity", "/identity"), ("ended up to", "/up_to"), ("reason", "/reason"), ("bites", "/bites")];
const HELD: [Column; 6] = [
    ("policy", "/policy"),
    ("held", "/by"),
    ("known from", "/seen/source"),
    ("from event", "/seen/from_event"),
    ("since", "/seen/first_seen"),
    ("as of", "/seen/last_seen"),
];
const CREDENTIALS: [Column; 3] = [("id", "/id"), ("kind", "/kind"), ("since", "/since")];
const EDGES: [Column; 5] = [
    ("from", "/from"),
    ("is", "/kind"),
    ("to", "/to"),
    ("sure, in thousandths", "/confidence_milli"),
    ("shown by", "/evidence"),
];
const FINDINGS: [Column; 7] = [
    ("id", "/id"),
    ("type", "/type"),
    ("severity", "/severity"),
    ("confidence", "/confidence"),
    ("identity", "/identity"),
    ("events", "/events"),
    ("last", "/last"),
];
const FINDING: [Column; 15] = [
    ("id", "/id"),
    ("type", "/type"),
    ("severity", "/severity"),
    ("confidence", "/confidence"),
    ("identity", "/identity"),
    ("session", "/session"),
    ("behind it", "/chain"),
    ("first", "/first"),
    ("last", "/last"),
    ("events", "/events"),
    ("controls", "/controls"),
    ("detector", "/detector"),
    ("historical", "/historical"),
    ("asserted", "/asserted"),
    ("holds", "/holds"),
];
const UNUSUAL: [Column; 7] = [
    ("day", "/day"),
    ("rank", "/rank"),
    ("bits", "/score"),
    ("of", "/threshold"),
    ("identity", "/identity"),
    ("events", "/events"),
    ("why", "/narrative"),
];
const BUDGET: [Column; 6] = [
    ("cases wanted a day", "/cases_per_day"),
    ("threshold, in bits", "/threshold"),
    ("from", "/from"),
    ("to", "/to"),
    ("findings", "/findings"),
    ("findings a day", "/findings_per_day"),
];
const KIND_RATES: [Column; 5] = [
    ("kind", "/kind"),
    ("identities", "/identities"),
    ("findings", "/findings"),
    ("a day", "/findings_per_day"),
    ("a year and identity", "/findings_per_identity_year"),
];
const GAINED: [Column; 3] =
    [("identity", "/identity"), ("blast before, %", "/blast_radius_before"), ("now, %", "/blast_radius")];
const HOPS: [Column; 6] = [
    ("from", "/from"),
    ("to", "/to"),
    ("method", "/method"),
    ("", "/name"),
    ("by", "/statement"),
    ("only if", "/only_if"),
];
const CHANGES: [Column; 6] = [
    ("time", "/time"),
    ("permission", "/permission"),
    ("by", "/identity"),
    ("behind it", "/chain"),
    ("event", "/event"),
    ("rows", "/rows"),
];
const TREND: [Column; 9] = [
    ("at", "/at"),
    ("identities", "/identities"),
    ("administrators", "/administrators"),
    ("can come to", "/escalating"),
    ("", "/bar"),
    ("latent", "/latent"),
    ("to tier 0", "/toward_tier_zero"),
    ("doors outside", "/entrances"),
    ("blast, %", "/blast_radius"),
];
const EVIDENCE: [Column; 6] = [
    ("time", "/time"),
    ("permission", "/permission"),
    ("target", "/target"),
    ("from", "/address"),
    ("client", "/client"),
    ("error", "/error"),
];
const HOLDS: [Column; 8] = [
    ("id", "/id"),
    ("subject", "/subject"),
    ("profile", "/profile"),
    ("state", "/state"),
    ("in force", "/in_force"),
    ("until", "/expires_at"),
    ("bites at", "/bites_at"),
    ("reason", "/reason"),
];
const HOLD: [Column; 11] = [
    ("id", "/id"),
    ("subject", "/subject"),
    ("scope", "/scope"),
    ("profile", "/profile"),
    ("state", "/state"),
    ("in force", "/in_force"),
    ("placed", "/placed_at"),
    ("until", "/expires_at"),
    ("reason", "/reason"),
    ("finding", "/finding"),
    ("bites", "/bites"),
];
const PEPS: [Column; 5] =
    [("name", "/name"), ("mode", "/mode"), ("in force", "/in_force"), ("set by", "/by"), ("new", "/new")];
const TOKENS: [Column; 8] = [
    ("id", "/id"),
    ("name", "/name"),
    ("scopes", "/scopes"),
    ("about", "/subject/id"),
    ("valid", "/valid"),
    ("issued", "/issued_at"),
    ("until", "/expires_at"),
    ("by", "/by"),
];
const HEADS: [Column; 5] =
    [("row", "/row"), ("recorded", "/recorded_at"), ("fact", "/fact"), ("key", "/key"), ("hash", "/hash")];
const DECISION: [Column; 10] = [
    ("answer", "/answer/context/effect"),
    ("passes", "/answer/decision"),
    ("mode", "/answer/context/mode"),
    ("enforced it would be", "/answer/context/would_be"),
    ("identity", "/answer/context/identity"),
    ("risk", "/risk_score"),
    ("passes up to a risk of", "/risk_max"),
    ("policies", "/answer/context/policies"),
    ("holds", "/answer/context/holds"),
    ("seen up to fact", "/answer/context/seen"),
];
const HOLDS_IN_FORCE: [Column; 5] = [
    ("hold", "/id"),
    ("profile", "/profile"),
    ("on", "/subject"),
    ("until", "/expires_at"),
    ("reason", "/reason"),
];
const CANDIDATES: [Column; 4] =
    [("policy", "/policy"), ("effect", "/effect"), ("conditions hold", "/holds"), ("error", "/error")];
