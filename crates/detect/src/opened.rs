//! Findings of what has become possible: what the graph of privilege has that it had not, put down to the changes of
//! the inventory that opened it.
//!
//! A finding is about the identity that has gained most by it; where somebody is let in from outside, about the role or
//! resource that they are let into. Whoever made the change stands in its chain, and the event is its evidence.

mod changes;

use std::collections::BTreeSet;

use doorward_model::finding::{Evidence, Finding, Lineage, Opened, OpenedBy, OpenedFor, OpenedHop, Severity};
use doorward_model::hash::Hash16;
use doorward_privilege::atlas::Atlas;
use doorward_privilege::federation::Breadth;
use doorward_privilege::news::{News, NewsKind, Possible, RowRef};

pub use self::changes::changes;

use crate::catalogue::{ESCALATION_OPENED, FindingType, OUTSIDE_TRUST_OPENED, TIER_ZERO_PATH_OPENED};

/// A change of the inventory, as the log tells of it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ChangeSeen {
    /// Who made it, when, and all rows that it changed.
    pub by: OpenedBy,
    /// The event.
    pub evidence: Option<Evidence>,
}

impl ChangeSeen {
    /// The rows that it changed.
    #[must_use]
    pub fn rows(&self) -> Vec<RowRef> {
        let row = |row: &doorward_model::inventory::change::ChangedRow| RowRef {
            kind: row.kind(),
            key: row.key.clone(),
        };
        self.by.rows.iter().map(row).collect()
    }
}

/// The finding of a piece of news. `seen` are the changes that it was asked of, in the same order.
#[must_use]
pub fn opened(news: &News, seen: &[ChangeSeen]) -> Finding {
    let of = type_of(news.kind);
    let mut own: Vec<&ChangeSeen> = news.changes.iter().filter_map(|at| seen.get(*at)).collect();
    own.sort_by(|one, other| (one.by.at_ms, &one.by.event).cmp(&(other.by.at_ms, &other.by.event)));
    let (severity, confidence_milli) = weight(news);
    let about = match news.kind {
        NewsKind::OutsideTrust => news.to.first(),
        NewsKind::Escalation | NewsKind::TierZero => news.examples.first().map(|first| &first.identity),
    };
    let latest = own.iter().rev().find(|change| change.by.is_of_event());
    let events = own.iter().filter(|change| change.by.is_of_event());
    let times = || own.iter().map(|change| change.by.at_ms);
    Finding {
        id: id(of, news, &own),
        detector: of.detector.to_owned(),
        kind: of.name.to_owned(),
        identity: about.cloned().unwrap_or_default(),
        session: latest.map(|change| change.by.session.clone()).unwrap_or_default(),
        severity: severity.into(),
        confidence_milli,
        first_at_ms: times().min().unwrap_or(0),
        last_at_ms: times().max().unwrap_or(0),
        score_milli: 0,
        chain: latest.map(|change| chain(&change.by)).unwrap_or_default(),
        evidence: own.iter().filter_map(|change| change.evidence.clone()).collect(),
        events: events.count() as u64,
        controls: controls(of, &own),
        historical: false,
        // A source that is only taken at its word changes no inventory.
        asserted: false,
        lineage: Some(Lineage::Opened(Box::new(typed(news, &own)))),
    }
}

/// Those findings of what had become possible that is so no more, by id: none of those they name has a way as of an atlas.
#[must_use]
pub fn closed(now: &Atlas, findings: &[&Finding]) -> Vec<String> {
    let mut possible = None;
    let mut is_closed = |finding: &Finding| {
        let Some((kind, opened)) = kind_of(finding).zip(finding.opened()) else { return false };
        let possible = possible.get_or_insert_with(|| Possible::of(now));
        !opened.examples.iter().any(|one| possible.has(kind, &one.identity, &opened.to))
    };
    findings.iter().filter(|finding| is_closed(finding)).map(|finding| finding.id.clone()).collect()
}

fn kind_of(finding: &Finding) -> Option<NewsKind> {
    let kinds = [NewsKind::Escalation, NewsKind::TierZero, NewsKind::OutsideTrust];
    kinds.into_iter().find(|kind| type_of(*kind).name == finding.kind)
}

/// The type of finding of a kind of news.
const fn type_of(kind: NewsKind) -> &'static FindingType {
    match kind {
        NewsKind::Escalation => &ESCALATION_OPENED,
        NewsKind::TierZero => &TIER_ZERO_PATH_OPENED,
        NewsKind::OutsideTrust => &OUTSIDE_TRUST_OPENED,
    }
}

/// The same news by the same changes is one finding.
fn id(of: &FindingType, news: &News, own: &[&ChangeSeen]) -> String {
    let mut parts: Vec<Vec<u8>> =
        [of.detector, of.name, &news.cut.cut].map(|part| part.as_bytes().to_vec()).into();
    parts.extend(news.to.iter().map(|to| to.as_bytes().to_vec()));
    for ChangeSeen { by, .. } in own {
        parts.extend([by.account.as_bytes().to_vec(), by.event.as_bytes().to_vec()]);
        // An event that is told twice is one, whenever that was.
        parts.extend((!by.is_of_event()).then(|| by.at_ms.to_le_bytes().to_vec()));
    }
    Hash16::of_parts(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>()).to_string()
}

/// How bad it is, and how sure in thousandths that the way is there.
fn weight(news: &News) -> (Severity, u32) {
    let is_sure = news.sure > 0;
    let is_public = news.examples.iter().any(|one| one.breadth == Some(Breadth::Anyone));
    match (news.kind, news.reaches_top, is_sure) {
        (NewsKind::OutsideTrust, true, true) if is_public => (Severity::Critical, 900),
        (_, true, true) => (Severity::High, 900),
        (_, true, false) => (Severity::Medium, 600),
        (_, false, true) if is_public => (Severity::High, 800),
        (_, false, true) => (Severity::Medium, 800),
        (_, false, false) => (Severity::Low, 600),
    }
}

/// Who made a change, and who was behind that one, nearest first.
fn chain(by: &OpenedBy) -> Vec<String> {
    let all = std::iter::once(&by.identity).chain(&by.chain).filter(|one| !one.is_empty());
    all.cloned().collect()
}

/// What the type speaks of, and what the events did.
fn controls(of: &FindingType, own: &[&ChangeSeen]) -> Vec<String> {
    let done = own.iter().filter_map(|change| change.by.permission.split_once(':'));
    let techniques = done.filter_map(|(_, action)| match action {
        "AttachUserPolicy"
        | "AttachRolePolicy"
        | "AttachGroupPolicy"
        | "PutUserPolicy"
        | "PutRolePolicy"
        | "PutGroupPolicy"
        | "AddUserToGroup"
        | "CreatePolicyVersion"
        | "SetDefaultPolicyVersion" => Some("attack:T1098.003"),
        "CreateAccessKey" | "CreateLoginProfile" | "UpdateLoginProfile" => Some("attack:T1098.001"),
        "UpdateAssumeRolePolicy"
        | "CreateSAMLProvider"
        | "UpdateSAMLProvider"
        | "CreateOpenIDConnectProvider" => Some("attack:T1484.002"),
        "DetachPolicy" | "DeletePolicy" | "UpdatePolicy" | "DisablePolicyType" => Some("attack:T1484"),
        "CreateUser" => Some("attack:T1136.003"),
        _ => None,
    });
    let all: BTreeSet<&str> = of.controls.iter().copied().chain(techniques).collect();
    all.into_iter().map(str::to_owned).collect()
}

fn typed(news: &News, own: &[&ChangeSeen]) -> Opened {
    let hop = |hop: &doorward_privilege::answers::HopAnswer| OpenedHop {
        from: hop.edge.from.clone(),
        to: hop.edge.to.clone(),
        method: hop.edge.method.clone(),
        name: hop.edge.name.clone(),
        statements: hop.statement.clone(),
        only_if: hop.only_if.clone(),
    };
    let example = |one: &doorward_privilege::news::Gained| OpenedFor {
        identity: one.identity.clone(),
        before_millipercent: one.before_millipercent,
        after_millipercent: one.after_millipercent,
        words: one.words.clone(),
        breadth: one.breadth.map_or("", Breadth::word).to_owned(),
    };
    Opened {
        hops: news.path.hops.iter().map(hop).collect(),
        to: news.to.clone(),
        count: news.count.into(),
        sure: news.sure.into(),
        examples: news.examples.iter().map(example).collect(),
        cut: news.cut.cut.clone(),
        method: news.cut.method.clone(),
        name: news.cut.name.clone(),
        fix: news.cut.fix.clone(),
        changes: own.iter().map(|change| concerned(news, &change.by)).collect(),
        attributed: news.is_attributed,
        closed_at_ms: 0,
        as_of_fact: 0,
    }
}

/// A change with those of its rows that opened the way.
fn concerned(news: &News, by: &OpenedBy) -> OpenedBy {
    let mut by = by.clone();
    by.rows.retain(|row| {
        let named = news.rows.iter();
        named.clone().any(|one| one.kind == row.kind() && one.key == row.key)
    });
    by.rows.truncate(ROWS_MAX);
    by
}

/// So many rows of a change are kept.
const ROWS_MAX: usize = 32;
