//! Evidence is bounded, and what narratives say is what happened.

use std::collections::BTreeSet;

use doorward_detect::Judging;
use doorward_detect::narrative::narrative;
use doorward_model::event::ActionClass;
use doorward_model::finding::{EVIDENCE_BYTES_MAX, EVIDENCE_MAX, Feature, Finding};
use doorward_model::identity::IdentityKind;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use prost::Message;

use crate::watch::{Watch, at, event};

/// So many new actions on targets of so many bytes; the finding at its end.
fn grown(events: i64, bytes: usize) -> Finding {
    let mut watch = Watch::new();
    watch.knows("app", IdentityKind::Workload, "");
    let mut last = None;
    for minute in 0..events {
        let mut event = event(at(0, minute), &format!("iam:Action{minute}"));
        event.class = ActionClass::Permissions.into();
        event.error_code = "x".repeat(bytes);
        last = watch.sees("app", event, Judging::Full).or(last);
    }
    last.unwrap()
}

#[test]
fn evidence_is_few_and_small_and_what_was_cut_is_counted() {
    let size = |finding: &Finding| finding.evidence.iter().map(Message::encoded_len).sum::<usize>();
    let small = grown(60, 10);
    assert_eq!(small.evidence.len(), EVIDENCE_MAX);
    assert!(
        small.events > 40 && narrative(&small).ends_with(" 32 of them are kept."),
        "{}",
        narrative(&small)
    );
    let large = grown(60, 4_000);
    assert!(size(&large) <= EVIDENCE_BYTES_MAX && large.evidence.len() >= 12, "{}", size(&large));
    // The first event of all says nothing: where nobody has done anything yet, nothing is unusual.
    assert_eq!(large.evidence.first().map(|one| one.event.as_str()), Some("e60000"));
    let kept = format!(" {} of them are kept.", large.evidence.len());
    assert!(narrative(&large).ends_with(&kept), "{}", narrative(&large));
}

/// The numbers of a text, without those within names.
fn numbers(text: &str) -> BTreeSet<u64> {
    text.split([' ', ';', ',', '(', ')', '.']).filter_map(|word| word.parse().ok()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn numbers_of_findings_are_those_of_the_events(acts in vec((0_usize..3, 0_usize..12, any::<bool>()), 1..120)) {
        let names = ["a", "b", "c"];
        let mut watch = Watch::new();
        names.iter().for_each(|name| watch.knows(name, IdentityKind::Workload, "group"));
        let mut past: Vec<(usize, usize)> = Vec::new();
        for (step, (who, what, grants)) in (0_i64..).zip(&acts) {
            let mut event = event(at(step / 8, step % 8), &format!("iam:Act{what}x"));
            event.class = if *grants { ActionClass::Permissions.into() } else { ActionClass::Write.into() };
            let id = event.id.clone();
            let raised = watch.sees(names[*who], event, Judging::Full);
            if let Some(finding) = raised {
                let own = past.iter().filter(|(other, _)| other == who).count();
                let newest = finding.evidence.iter().find(|one| one.event == id).unwrap();
                for novelty in newest.novelties.iter().filter(|one| one.feature() == Feature::Action) {
                    let did = |other: &usize| past.contains(&(*other, *what));
                    let with = (0..3).filter(did).count();
                    let members = (0..3).filter(|other| past.iter().any(|(one, _)| one == other)).count();
                    prop_assert_eq!(novelty.own_events, u64::try_from(own).unwrap());
                    prop_assert!(usize::try_from(novelty.peers_with).unwrap() <= with);
                    prop_assert!(usize::try_from(novelty.peers).unwrap() <= members);
                    let before = past.iter().filter(|one| **one == (*who, *what)).count();
                    prop_assert!(novelty.own_count <= u64::try_from(before).unwrap());
                }
                let told = numbers(&narrative(&finding));
                let mut known = BTreeSet::from([finding.events, finding.score_milli / 1_000]);
                known.insert(u64::try_from(finding.evidence.len()).unwrap());
                known.extend(0..=u64::try_from(finding.evidence.len() * 5).unwrap());
                for one in finding.evidence.iter().flat_map(|one| &one.novelties) {
                    known.extend([one.own_count, one.own_events, one.peers_with.into(), one.peers.into()]);
                    // A value that counts says its number itself: of targets, of days.
                    known.extend(numbers(&one.value));
                }
                prop_assert!(told.is_subset(&known), "{:?} {:?}", told, narrative(&finding));
            }
            past.push((*who, *what));
        }
    }
}
