//! A finding in sentences, made of the numbers that raised it.

use std::fmt::Write as _;

use doorward_model::finding::{Evidence, Feature, Finding, Lineage, Novelty};
use doorward_model::time::{Millis, Time};

/// Says what a finding rests on. The same finding always reads the same.
#[must_use]
pub fn narrative(finding: &Finding) -> String {
    let mut text = match &finding.lineage {
        Some(fact) => lineage_sentence(finding, fact),
        None => novelty_sentences(finding),
    };
    if let Some(chain) = chain_sentence(finding) {
        text.push(' ');
        text.push_str(&chain);
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

fn lineage_sentence(finding: &Finding, fact: &Lineage) -> String {
    let who = short(&finding.identity);
    let times = match finding.events {
        0 | 1 => String::new(),
        events => format!(" ({events} times)"),
    };
    match fact {
        Lineage::KeyForAnother(fact) => {
            let before = match fact.before {
                0 => "had never done so before".to_owned(),
                1 => "had done so once before".to_owned(),
                n => format!("had done so {n} times before"),
            };
            format!("{who} called {} for {}{times}, which {before}.", fact.action, short(&fact.holder))
        }
        Lineage::TwoNetworks(fact) => format!(
            "Key {} of {who} was used from {}, then from {}, then from {} again within {}{times}: two holders.",
            fact.key,
            fact.first,
            fact.second,
            fact.first,
            Millis(fact.within_ms),
        ),
        Lineage::InstanceKeyElsewhere(fact) => format!(
            "Key {}, delivered to instance {} of {who}, which used it from {}, was used from {}{times}.",
            fact.key, fact.instance, fact.home, fact.away,
        ),
        Lineage::SourceChanged(fact) => format!(
            "Key {} of {who} came from {} and now comes from {}{times}: it was copied.",
            fact.key, fact.before, fact.after,
        ),
    }
}

fn novelty_sentences(finding: &Finding) -> String {
    let who = short(&finding.identity);
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
    let mut text = String::new();
    for (at, (evidence, novelty)) in told.iter().take(TOLD_MAX).enumerate() {
        let subject = if at == 0 { who } else { "It" };
        push_novelty(&mut text, subject, evidence, novelty);
    }
    if rest > 0 {
        push(&mut text, format_args!("{rest} more values were new. "));
    }
    let span = Millis(finding.last_at_ms - finding.first_at_ms);
    let events = finding.events;
    let bits = finding.score_milli / 1_000;
    match events {
        1 => push(&mut text, format_args!("Weighted surprise {bits} bits.")),
        _ => push(
            &mut text,
            format_args!("{events} such events within {span}, weighted surprise {bits} bits."),
        ),
    }
    text
}

fn push_novelty(text: &mut String, subject: &str, evidence: &Evidence, novelty: &Novelty) {
    let value = &novelty.value;
    let verb = match novelty.feature() {
        Feature::Service | Feature::AgentFamily => "used",
        Feature::Action => "called",
        Feature::Network => "came from",
    };
    let as_client = if novelty.feature() == Feature::AgentFamily { " as its client" } else { "" };
    push(text, format_args!("{subject} {verb} {value}{as_client} for the first time"));
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
        (_, 0 | 1) => push(text, format_args!(". ")),
        (with, peers) => push(text, format_args!("; {with} of {peers} in {} do. ", novelty.peer_group)),
    }
}

fn chain_sentence(finding: &Finding) -> Option<String> {
    // Her own sign-in is no hop.
    let who = short(&finding.identity);
    let hops: Vec<_> = finding.chain.iter().map(|id| short(id)).filter(|hop| *hop != who).collect();
    let at = Time::from_ms(finding.first_at_ms);
    match hops.as_slice() {
        [] => None,
        hops => Some(format!("Behind it, at {at}: {}.", hops.join(", assumed by "))),
    }
}

fn push(text: &mut String, part: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    text.write_fmt(part).unwrap_or_default();
}

/// How many new values are spelled out.
const TOLD_MAX: usize = 4;
