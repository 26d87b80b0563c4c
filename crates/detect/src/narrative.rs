//! A finding in sentences, made of the numbers that raised it.

mod opened;

use std::fmt::Write as _;

use doorward_model::finding::{Evidence, Feature, Finding, Lineage, Novelty};
use doorward_model::time::{Millis, Time};

pub use self::opened::actor;

/// Says what a finding rests on. The same finding always reads the same.
#[must_use]
pub fn narrative(finding: &Finding) -> String {
    let mut text = String::new();
    if let Some(fact) = &finding.lineage {
        push_lineage(&mut text, finding, fact);
    }
    // What has become possible names its events and who made them itself.
    if finding.opened().is_none() {
        push_novelties(&mut text, finding);
        push_extent(&mut text, finding);
        push_chain(&mut text, finding);
    }
    text
}

/// The last part of an id, as a person would say it.
#[must_use]
pub fn short(id: &str) -> &str {
    if let Some((_, product)) = id.strip_prefix("agent:").and_then(|agent| agent.rsplit_once('/')) {
        return product;
    }
    if let Some((_, person)) = id.strip_prefix("saml:").and_then(|tail| tail.rsplit_once('/')) {
        return person;
    }
    if let Some((_, subject)) = id.strip_prefix("oidc:").and_then(|tail| tail.split_once('/')) {
        return subject;
    }
    match id.split_once(":role/").or_else(|| id.split_once(":user/")) {
        Some((_, name)) => name.rsplit('/').next().unwrap_or(name),
        None => id.strip_prefix("idc:").and_then(|tail| tail.split_once('/')).map_or(id, |(_, name)| name),
    }
}

fn push_lineage(text: &mut String, finding: &Finding, fact: &Lineage) {
    let who = short(&finding.identity);
    match fact {
        Lineage::KeyForAnother(fact) => {
            push(text, format_args!("{who} called {} for {}, which had ", fact.action, short(&fact.holder)));
            match fact.before {
                0 => push(text, format_args!("never done so before.")),
                1 => push(text, format_args!("done so once before.")),
                n => push(text, format_args!("done so {n} times before.")),
            }
        }
        Lineage::TwoNetworks(fact) => push(
            text,
            format_args!(
                "Key {} of {who} was used from {}, then from {}, then from {} again within {}: two holders.",
                fact.key,
                fact.first,
                fact.second,
                fact.first,
                Millis(fact.within_ms),
            ),
        ),
        Lineage::InstanceKeyElsewhere(fact) => push(
            text,
            format_args!(
                "Key {}, delivered to instance {} of {who}, which used it from {}, was used from {}.",
                fact.key, fact.instance, fact.home, fact.away,
            ),
        ),
        Lineage::SourceChanged(fact) => push(
            text,
            format_args!(
                "Key {} of {who} came from {} and now comes from {}: it was copied.",
                fact.key, fact.before, fact.after,
            ),
        ),
        Lineage::Opened(fact) => opened::push_opened(text, fact),
    }
}

/// The new values of the evidence, each once, the most surprising first.
fn push_novelties(text: &mut String, finding: &Finding) {
    let mut told: Vec<(&Evidence, &Novelty)> = Vec::new();
    for one in &finding.evidence {
        for novelty in &one.novelties {
            let known = told
                .iter_mut()
                .find(|(_, told)| told.feature == novelty.feature && told.value == novelty.value);
            if known.is_none() {
                told.push((one, novelty));
            }
        }
    }
    told.sort_by_key(|(_, novelty)| std::cmp::Reverse(novelty.bits_milli));
    let rest = told.len().saturating_sub(TOLD_MAX);
    for (evidence, novelty) in told.into_iter().take(TOLD_MAX) {
        let subject = if text.is_empty() { short(&finding.identity) } else { "It" };
        push_novelty(text, subject, evidence, novelty);
    }
    match rest {
        0 => {}
        1 => push(text, format_args!(" 1 more value was new.")),
        rest => push(text, format_args!(" {rest} more values were new.")),
    }
}

/// How many events there were, within what time, what they weigh, and how many of them are kept.
fn push_extent(text: &mut String, finding: &Finding) {
    let span = Millis(finding.last_at_ms - finding.first_at_ms);
    let (events, kept) = (finding.events, finding.evidence.len());
    match (events, finding.score_milli / 1_000) {
        (0 | 1, 0) => {}
        (0 | 1, bits) => push(text, format_args!(" Weighted surprise {bits} bits.")),
        (_, 0) => push(text, format_args!(" {events} such events within {span}.")),
        (_, bits) => {
            push(text, format_args!(" {events} such events within {span}, weighted surprise {bits} bits."));
        }
    }
    if u64::try_from(kept).is_ok_and(|kept| kept < events) {
        push(text, format_args!(" {kept} of them are kept."));
    }
}

fn push_novelty(text: &mut String, subject: &str, evidence: &Evidence, novelty: &Novelty) {
    let value = &novelty.value;
    let verb = match novelty.feature() {
        Feature::Service | Feature::AgentFamily => "used",
        Feature::Action => "called",
        Feature::Network => "came from",
        Feature::Breadth => "reached",
        Feature::Drift => "did what neither it nor its peers do on",
    };
    let as_client = if novelty.feature() == Feature::AgentFamily { " as its client" } else { "" };
    let gap = if text.is_empty() { "" } else { " " };
    push(text, format_args!("{gap}{subject} {verb} {value}{as_client} for the first time"));
    if novelty.own_count > 0 {
        push(text, format_args!(" on this day, after {} earlier", novelty.own_count));
    }
    let watched = Millis(evidence.happened_at_ms - novelty.since_ms);
    match novelty.own_events {
        0 => push(text, format_args!(" (its first event)")),
        events if watched >= Millis::DAY => push(text, format_args!(" in {watched} and {events} events")),
        events => push(text, format_args!(" in {events} events")),
    }
    match (novelty.peers_with, novelty.peers) {
        (_, 0 | 1) => push(text, format_args!(".")),
        (with, peers) => push(text, format_args!("; {with} of {peers} in {} do.", novelty.peer_group)),
    }
}

fn push_chain(text: &mut String, finding: &Finding) {
    // Her own sign-in is no hop.
    let who = short(&finding.identity);
    let hops: Vec<_> = finding.chain.iter().map(|id| short(id)).filter(|hop| *hop != who).collect();
    if !hops.is_empty() {
        let at = Time::from_ms(finding.first_at_ms);
        push(text, format_args!(" Behind it, at {at}: {}.", hops.join(", assumed by ")));
    }
}

fn push(text: &mut String, part: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    text.write_fmt(part).unwrap_or_default();
}

/// How many new values are spelled out.
const TOLD_MAX: usize = 4;
