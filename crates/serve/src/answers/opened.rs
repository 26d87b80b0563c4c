//! What has become possible, as a finding tells it.

use doorward_model::finding::{Opened, OpenedBy, OpenedFor, OpenedHop};
use doorward_model::time::Time;
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema::Instant;

/// Who can do what that they could not, by which way, where it is cut, and what opened it.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct OpenedRow {
    /// Where the ways lead.
    pub to: Vec<String>,
    /// How many have gained a way.
    pub count: u64,
    /// How many of them need no condition for it.
    pub sure: u64,
    /// Some of them, those with the largest blast radius first.
    pub examples: Vec<GainedRow>,
    /// The way of the first of them.
    pub hops: Vec<OpenedHopRow>,
    /// Where the ways of all of them are cut.
    pub cut: String,
    /// The method that is closed there.
    pub method: String,
    /// The name of the method; empty where it has none, and in findings of older releases.
    pub name: String,
    /// How to close it; empty where the method does not say.
    pub fix: String,
    /// What opened it, oldest first.
    pub changes: Vec<OpenedByRow>,
    /// Whether it is known that these changes opened it: where it is not, all are named that came together.
    pub attributed: bool,
    /// When it was closed again; absent while it is open.
    #[schema(value_type = Option<Instant>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Time>,
}

/// Somebody who has gained a way.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct GainedRow {
    /// The identity; from outside, who is let in.
    pub identity: String,
    /// What somebody from outside is called; absent of identities.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub words: String,
    /// How many somebody from outside may be: `anyone`, `tenant` for some of one organisation, account or application,
    /// `exact` for one; absent of identities.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub breadth: String,
    /// Its blast radius before, in percent.
    pub blast_radius_before: f64,
    /// The same with the way.
    pub blast_radius: f64,
}

/// A step of the way.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct OpenedHopRow {
    /// Who takes it.
    pub from: String,
    /// What it leads to.
    pub to: String,
    /// The method.
    pub method: String,
    /// The name of the method; empty in findings of older releases.
    pub name: String,
    /// The statements by which it is allowed.
    pub statement: Vec<String>,
    /// What must hold for it that is not known.
    pub only_if: Vec<String>,
}

/// A change that opened a way: an event of the log, or an export, which does not tell who made it.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct OpenedByRow {
    /// The source's id of the event; empty for an export.
    pub event: String,
    /// When it happened, or as of when the export is.
    #[schema(value_type = Instant)]
    pub time: Time,
    /// The account whose log or export it is.
    pub account: String,
    /// `service:Action` of the event.
    pub permission: String,
    /// Who made it; empty for an export.
    pub identity: String,
    /// Who was behind that one, nearest first.
    pub chain: Vec<String>,
    /// The session it was made in; empty where there is none.
    pub session: String,
    /// The rows of the inventory that it changed and that opened the way, each by its key.
    pub rows: Vec<String>,
}

impl OpenedRow {
    /// What a finding tells.
    #[must_use]
    pub fn of(opened: &Opened) -> Self {
        Self {
            to: opened.to.clone(),
            count: opened.count,
            sure: opened.sure,
            examples: opened.examples.iter().map(gained).collect(),
            hops: opened.hops.iter().map(hop).collect(),
            cut: opened.cut.clone(),
            method: opened.method.clone(),
            name: opened.name.clone(),
            fix: opened.fix.clone(),
            changes: opened.changes.iter().map(change).collect(),
            attributed: opened.attributed,
            closed_at: (opened.closed_at_ms != 0).then(|| Time::from_ms(opened.closed_at_ms)),
        }
    }
}

fn gained(one: &OpenedFor) -> GainedRow {
    let percent = |milli: u32| f64::from(milli) / 1_000.0;
    GainedRow {
        identity: one.identity.clone(),
        words: one.words.clone(),
        breadth: one.breadth.clone(),
        blast_radius_before: percent(one.before_millipercent),
        blast_radius: percent(one.after_millipercent),
    }
}

fn hop(hop: &OpenedHop) -> OpenedHopRow {
    OpenedHopRow {
        from: hop.from.clone(),
        to: hop.to.clone(),
        method: hop.method.clone(),
        name: hop.name.clone(),
        statement: hop.statements.clone(),
        only_if: hop.only_if.clone(),
    }
}

fn change(by: &OpenedBy) -> OpenedByRow {
    OpenedByRow {
        event: by.event.clone(),
        time: Time::from_ms(by.at_ms),
        account: by.account.clone(),
        permission: by.permission.clone(),
        identity: by.identity.clone(),
        chain: by.chain.clone(),
        session: by.session.clone(),
        rows: by.rows.iter().map(|row| row.key.join(" ")).collect(),
    }
}
