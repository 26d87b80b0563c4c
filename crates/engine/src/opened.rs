//! Findings of what the inventory makes possible: raised, grown and closed as a command says.

use std::collections::BTreeSet;

use doorward_model::command::FindingsRaised;
use doorward_model::finding::{Finding, Lineage, Opened};
use doorward_model::record::Fact;
use doorward_model::time::Time;
use doorward_views::control::Control;

use crate::engine::RESPONSE_MAX;

/// The facts that follow: each finding once, as it stands with what was known of it, then those that are closed.
pub(crate) fn raise_findings(control: &Control, found: &FindingsRaised, now: Time) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut told = BTreeSet::new();
    for finding in found.raised.iter().take(FindingsRaised::FINDINGS_MAX) {
        if !told.insert(finding.id.as_str()) {
            continue;
        }
        let historical = now.ms() - finding.last_at_ms > RESPONSE_MAX.0;
        let as_of = |opened: &mut Opened| opened.as_of_fact = found.as_of_fact.0;
        let Some(finding) = with(Finding { historical, ..finding.clone() }, as_of) else { continue };
        match control.findings.get(&finding.id) {
            None => facts.push(Fact::FindingRaised(finding)),
            Some(known) => facts.extend(grown(known, finding).map(Fact::FindingGrown)),
        }
    }
    let known = found.closed.iter().filter_map(|id| control.findings.get(id));
    let open = known.filter(|known| known.opened().is_some_and(|opened| opened.closed_at_ms == 0));
    let closed = open.filter_map(|known| {
        with(known.clone(), |opened| {
            (opened.closed_at_ms, opened.as_of_fact) = (now.ms(), found.as_of_fact.0);
        })
    });
    facts.extend(closed.map(Fact::FindingGrown));
    facts
}

/// A finding with a change of what has become possible; `None` where it is about something else.
fn with(finding: Finding, change: impl FnOnce(&mut Opened)) -> Option<Finding> {
    let Some(Lineage::Opened(mut opened)) = finding.lineage else { return None };
    change(&mut opened);
    Some(Finding { lineage: Some(Lineage::Opened(opened)), ..finding })
}

/// A finding with more that belongs to it; `None` when that is no more. It stays as severe and sure as it was at most.
fn grown(known: &Finding, found: Finding) -> Option<Finding> {
    let (before, now) = (known.opened()?, found.opened()?);
    if now.count <= before.count && now.sure <= before.sure {
        return None;
    }
    Some(Finding {
        severity: found.severity.max(known.severity),
        confidence_milli: found.confidence_milli.max(known.confidence_milli),
        first_at_ms: found.first_at_ms.min(known.first_at_ms),
        ..found
    })
}
