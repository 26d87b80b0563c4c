//! From a finding to holds.

use std::collections::{BTreeMap, BTreeSet};

use doorward_model::finding::{Finding, Opened};
use doorward_model::hash::Hash16;
use doorward_model::hold::{Hold, HoldProfile, HoldScope};
use doorward_model::record::Fact;
use doorward_model::time::Time;
use doorward_views::state::State;

use crate::ladder::{Ladder, ResponseMode, Rung};

/// What follows from a finding that was raised or has grown, as of `now`. `planned` is how many holds have been planned
/// and are not folded yet: they count for the budget, too.
#[must_use]
pub fn plan(state: &State, finding: &Finding, ladder: &Ladder, planned: usize, now: Time) -> Vec<Fact> {
    let Some(rung) = ladder.rung(finding) else { return Vec::new() };
    if finding.historical || ladder.mode == ResponseMode::Record {
        return Vec::new();
    }
    if let Some(opened) = finding.opened() {
        return openers(finding, opened, rung, &|who| ladder.exempt.contains(who))
            .filter_map(|who| hold(state, finding, who, rung, now))
            .map(Fact::HoldRecommended)
            .collect();
    }
    let spent = state.control.automatic_holds(now) + planned;
    let mut budget = ladder.holds_per_hour_max.saturating_sub(spent);
    let mut facts = Vec::new();
    // Whoever may only send events must not be able to shut others out.
    let profile = if finding.asserted { rung.profile.max(HoldProfile::StepUp) } else { rung.profile };
    for (identity, profile) in affected(state, finding, profile) {
        if ladder.exempt.contains(&identity) {
            continue;
        }
        let Some(hold) = hold(state, finding, (identity, profile), rung, now) else { continue };
        let place = ladder.mode == ResponseMode::Enforce && budget > 0;
        budget = budget.saturating_sub(usize::from(place));
        facts.push(if place { Fact::HoldPlaced(hold) } else { Fact::HoldRecommended(hold) });
    }
    facts
}

/// Whoever made the changes that opened a way which is open still, if that is known.
fn openers<'a>(
    finding: &Finding,
    opened: &'a Opened,
    rung: &Rung,
    exempt: &'a dyn Fn(&String) -> bool,
) -> impl Iterator<Item = (String, HoldProfile)> {
    let profile = if finding.asserted { rung.profile.max(HoldProfile::StepUp) } else { rung.profile };
    let known = opened.attributed && opened.closed_at_ms == 0;
    let made = opened.changes.iter().filter(move |change| known && change.is_of_event());
    let who: BTreeSet<&String> = made.map(|change| &change.identity).filter(|who| !who.is_empty()).collect();
    who.into_iter().filter(move |who| !exempt(who)).map(move |who| (who.clone(), profile))
}

/// The identity of the finding, and those one hop away that it means too, with what is taken from each.
fn affected(state: &State, finding: &Finding, profile: HoldProfile) -> BTreeMap<String, HoldProfile> {
    let mut affected = BTreeMap::from([(finding.identity.clone(), profile)]);
    for (other, confidence_milli) in state.control.one_hop(&finding.identity).take(HOPS_MAX) {
        // Over a weak edge an automatic hold goes no further than step-up.
        let profile = if confidence_milli >= SURE_MILLI { profile } else { profile.max(HoldProfile::StepUp) };
        affected.entry(other.to_owned()).or_insert(profile);
    }
    affected
}

/// The hold; `None` when one that is as strict is in force or recommended for as long.
fn hold(
    state: &State,
    finding: &Finding,
    (identity, profile): (String, HoldProfile),
    rung: &Rung,
    now: Time,
) -> Option<Hold> {
    let control = &state.control;
    let id = Hash16::of_parts(&[finding.id.as_bytes(), identity.as_bytes(), profile.word().as_bytes()])
        .to_string();
    let stands = |holds: &BTreeMap<String, Hold>| holds.get(&id).is_some_and(|hold| hold.in_force(now));
    if stands(&control.holds) || stands(&control.recommended) {
        return None;
    }
    let habits = match profile {
        HoldProfile::BaselineOnly => state.asked(&identity).map(|asked| asked.habits()).unwrap_or_default(),
        HoldProfile::Deny | HoldProfile::ReadOnly | HoldProfile::StepUp | HoldProfile::NoDelegation => {
            Vec::new()
        }
    };
    let through =
        if identity == finding.identity { String::new() } else { format!(" of {}", finding.identity) };
    Some(Hold {
        id,
        scope: HoldScope::Identity.into(),
        subject: identity,
        profile: profile.into(),
        reason: format!("{}{through}", finding.kind),
        placed_at_ms: now.ms(),
        expires_at_ms: (now + rung.lasts).ms(),
        finding: finding.id.clone(),
        acr_values: Vec::new(),
        max_age_s: 0,
        habits,
    })
}

/// From this confidence on an edge carries a hold whole.
const SURE_MILLI: u32 = 900;
/// How many identities a finding reaches at most, beside its own.
const HOPS_MAX: usize = 63;
