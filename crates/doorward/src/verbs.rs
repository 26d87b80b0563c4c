//! The verbs of the command line: questions to a server or a data folder, commands to a server, answers printed.
//!
//! A question goes to a [`source::Source`], which answers in the JSON of the admin API wherever it looks; [`tables`]
//! renders that for people. Commands are told to a server only: it has the one writer.

pub(crate) mod copies;
pub(crate) mod doctor;
mod folder;
mod grid;
pub(crate) mod policy;
pub(crate) mod print;
pub(crate) mod privilege;
pub(crate) mod rejects;
mod source;
mod tables;
pub(crate) mod tell;
mod world;

use anyhow::{Context, Result, bail};
use doorward_serve::answers::heads::HeadRow;
use serde_json::{Value, json};

use crate::cli::Output;
use crate::cli::files::JournalVerb;
use crate::cli::finding::{FindingListArgs, FindingVerb, UnusualListArgs};
use crate::cli::past::{PastListing, ShowArgs};
use crate::cli::verbs::{
    DecideArgs, Entity, EventListArgs, EventVerb, HoldListArgs, IdentityListArgs, IdentityVerb, JsonObject,
    Listing, PepListArgs, TokenListArgs, WhoArgs,
};
use crate::client::Client;
use crate::serve::clock;
use crate::verbs::print::print;
use crate::verbs::source::{Filter, More, Noun, Source};

/// Which identity somebody means.
pub(crate) fn who(args: &WhoArgs) -> Result<()> {
    let found = Source::of(&args.asking)?.who(&args.asked)?;
    print(&found, args.asking.output, tables::who)
}

/// What happened.
pub(crate) fn event(verb: EventVerb) -> Result<()> {
    let EventVerb::List(args) = verb;
    let EventListArgs { identity, session, key, ip, conflict, since, until, listing } = args;
    let now = clock();
    let instant = |when: crate::cli::verbs::When| when.from_now(now).to_string();
    let filters = [
        ("identity", identity),
        ("session", session),
        ("key", key),
        ("ip", ip),
        ("conflict", conflict.then(|| true.to_string())),
        ("since", since.map(instant)),
        ("until", until.map(instant)),
    ];
    listed((Noun::Event, Source::of(&listing.asking)?), &each(filters), &listing)
}

/// Who exists.
pub(crate) fn identity(verb: IdentityVerb) -> Result<()> {
    match verb {
        IdentityVerb::Show(args) => show(Noun::Identity, &args),
        IdentityVerb::Can(args) => privilege::can(&args),
        IdentityVerb::Reach(args) => privilege::reach(&args),
        IdentityVerb::Kill(args) => tell::kill(&args),
        IdentityVerb::Revive(args) => tell::revive(&args),
        IdentityVerb::List(args) => {
            let IdentityListArgs { kind, platform, account, peer_group, search, listing } = args;
            let fields =
                [("kind", kind), ("platform", platform), ("account", account), ("peer_group", peer_group)];
            list(Noun::Identity, &filters(fields, search), &listing)
        }
    }
}

/// What was noticed.
pub(crate) fn finding(verb: FindingVerb) -> Result<()> {
    match verb {
        FindingVerb::Show(args) => show(Noun::Finding, &args),
        FindingVerb::List(args) => {
            let FindingListArgs { r#type, identity, severity, session, search, listing } = args;
            let fields =
                [("type", r#type), ("identity", identity), ("severity", severity), ("session", session)];
            list(Noun::Finding, &filters(fields, search), &listing)
        }
        FindingVerb::Unusual(UnusualListArgs { day, identity, search, listing }) => {
            let fields = filters([("day", day), ("identity", identity)], search);
            listed((Noun::Unusual, Source::of(&listing.asking)?), &fields, &listing)
        }
        FindingVerb::Budget(args) => {
            let budget = Client::new(&args.api)?.get(&["v1", "budget"], &[])?;
            print(&budget, args.output, tables::budget)
        }
    }
}

/// What is restricted.
pub(crate) fn holds(args: HoldListArgs) -> Result<()> {
    let HoldListArgs { recommended, scope, subject, profile, finding, search, listing } = args;
    let state = if recommended { vec!["recommended".to_owned()] } else { Vec::new() };
    let fields = [
        ("state", state),
        ("scope", scope),
        ("subject", subject),
        ("profile", profile),
        ("finding", finding),
    ];
    list(Noun::Hold, &filters(fields, search), &listing)
}

/// One hold.
pub(crate) fn hold(args: &ShowArgs) -> Result<()> {
    show(Noun::Hold, args)
}

/// Who enforces.
pub(crate) fn peps(args: PepListArgs) -> Result<()> {
    list(Noun::Pep, &filters([("mode", args.mode)], args.search), &args.listing)
}

/// Who may call.
pub(crate) fn tokens(args: TokenListArgs) -> Result<()> {
    list(Noun::Token, &filters([("name", args.name)], args.search), &args.listing)
}

/// Where the journal ended.
pub(crate) fn journal(verb: &JournalVerb) -> Result<()> {
    let args = match verb {
        JournalVerb::Heads(listing) => {
            return listed((Noun::Head, Source::of(&listing.asking)?), &[], listing);
        }
        JournalVerb::Head(args) => args,
    };
    let newest = Source::of(&args.asking)?.head()?;
    let head: HeadRow = match newest {
        Some(head) => serde_json::from_value(head).context("cannot read the signed head")?,
        None => bail!(
            "no head of the journal is signed yet: one is at each checkpoint, and when the server stops in order"
        ),
    };
    print(&head, args.asking.output, tables::head)
}

/// What would be decided.
pub(crate) fn decide(args: &DecideArgs) -> Result<()> {
    let mut question = json!({
        "subject": party(&args.subject, args.subject_properties.as_ref()),
        "action": {"name": args.action},
        "resource": party(&args.resource, args.resource_properties.as_ref()),
    });
    if let (Some(JsonObject(context)), Some(members)) = (&args.context, question.as_object_mut()) {
        members.insert("context".to_owned(), Value::Object(context.clone()));
    }
    let mut explained = Source::of(&args.asking)?.explain(args.pep.as_deref(), &question)?;
    if let (false, Some(members)) = (args.explain, explained.as_object_mut()) {
        for name in ["candidates", "holds", "risk_level", "risk_max"] {
            members.remove(name);
        }
    }
    print(&explained, args.asking.output, tables::decision)
}

fn party(entity: &Entity, properties: Option<&JsonObject>) -> Value {
    match properties {
        None => json!({"type": entity.kind, "id": entity.id}),
        Some(JsonObject(properties)) => {
            json!({"type": entity.kind, "id": entity.id, "properties": properties})
        }
    }
}

fn list(noun: Noun, filters: &[Filter], PastListing { as_of, listing }: &PastListing) -> Result<()> {
    listed((noun, Source::at(listing.asking.place(), *as_of)?), filters, listing)
}

fn listed(of: (Noun, Source), filters: &[Filter], listing: &Listing) -> Result<()> {
    let from = (listing.limit, listing.cursor.clone());
    pages(of, (filters, from), listing.asking.output)
}

/// Lists as many as are wanted.
fn pages(
    (noun, source): (Noun, Source),
    (filters, from): (&[Filter], source::From),
    output: Output,
) -> Result<()> {
    let page = source.list(noun, filters, from)?;
    let more = if output == Output::Table { source.more(noun, filters, &page)? } else { More::None };
    print(&page, output, |page| tables::list(noun, page, more))
}

fn show(noun: Noun, args: &ShowArgs) -> Result<()> {
    let thing = Source::at(args.asking.place(), args.as_of)?.show(noun, &args.id)?;
    print(&thing, args.asking.output, |thing| tables::show(noun, thing))
}

fn each<const N: usize>(fields: [(&'static str, Option<String>); N]) -> Vec<Filter> {
    fields.into_iter().filter_map(|(field, value)| Some((field, value?))).collect()
}

fn filters<const N: usize>(fields: [(&'static str, Vec<String>); N], search: Option<String>) -> Vec<Filter> {
    let fields = fields.into_iter();
    let values = fields.flat_map(|(field, values)| values.into_iter().map(move |value| (field, value)));
    values.chain(search.map(|text| ("q", text))).collect()
}
