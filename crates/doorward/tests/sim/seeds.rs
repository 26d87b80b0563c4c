//! Random runs: records that come late and twice, commands, questions, crashes and restarts, and after each step what
//! must hold whatever happens. `DOORWARD_SIM_SEED=N` runs one seed.

mod model;
mod node;
mod script;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use doorward_engine::Engine;
use doorward_journal::Journal;
use doorward_model::command::Command;
use doorward_model::decision::{Decision, Effect, Mode, Pep};
use doorward_model::event::Event;
use doorward_model::hold::{Hold, HoldProfile, HoldScope};
use doorward_model::record::{HoldReleased, PepSet, TokenIssued, TokenRevoked};
use doorward_model::time::{Millis, Time};
use doorward_policy::decide;
use doorward_policy::decide::Request;
use doorward_policy::evaluate::EntityRef;
use doorward_policy::world::{Settings, World};
use doorward_respond::{Ladder, ResponseMode};
use doorward_serve::handle::{WorkError, tokens_of};
use doorward_views::control::Control;

use crate::disk::{Disk, End};
use crate::perimeter::{Files, Gate, Perimeter, Result, Way, once};
use crate::seeds::model::Model;
use crate::seeds::node::Node;
use crate::seeds::script::{Act, Deed, organisation, script};

/// How many seeds are run.
const SEEDS: u64 = 200;
/// How many organisations they share.
const ORGANISATIONS: u64 = 10;
/// Every how many seeds the log lies in SQLite's files.
const SQLITE_EVERY: u64 = 4;
/// After how many acts what two nodes answer is compared.
const COMPARED_EVERY: usize = 16;
const HOLDS_PER_HOUR_MAX: usize = 3;

#[test]
fn whatever_happens_the_invariants_hold_in_memory() {
    run(Disk::new, |seed| !seed.is_multiple_of(SQLITE_EVERY));
}

#[test]
fn whatever_happens_the_invariants_hold_in_the_files_of_sqlite() {
    run(Disk::sqlite, |seed| seed.is_multiple_of(SQLITE_EVERY));
}

/// Runs those of the seeds, or the one that is asked for, on such disks.
fn run(disk: fn() -> Disk, those: fn(u64) -> bool) {
    let asked = std::env::var("DOORWARD_SIM_SEED").ok().map(|seed| seed.parse::<u64>().unwrap());
    let organisations: Vec<_> = (0..ORGANISATIONS).map(|at| organisation(at + 1)).collect();
    for seed in asked.map_or(0..SEEDS, |seed| seed..seed + 1).filter(|seed| those(*seed)) {
        let acts = script(seed, &organisations[usize::try_from(seed % ORGANISATIONS).unwrap()]);
        let done = catch_unwind(AssertUnwindSafe(|| check(seed, &acts, disk())));
        let rerun = format!("DOORWARD_SIM_SEED={seed} cargo test -p doorward --test sim seeds");
        assert!(done.is_ok(), "seed {seed} fails; run it alone with: {rerun}");
    }
}

/// Does everything once as if nothing ever went wrong, and once with all that goes wrong: both must come to the same.
fn check(seed: u64, acts: &[Act], disk: Disk) {
    let ladder =
        Ladder { mode: ResponseMode::Enforce, holds_per_hour_max: HOLDS_PER_HOUR_MAX, ..Ladder::default() };
    let way = |shards, hashes| Way { ladder: ladder.clone(), judge_from: Time::MIN, shards, seed: hashes };
    let calm: Vec<_> = acts.iter().map(|act| Act { wrong: None, ..act.clone() }).collect();
    let calm = Run::of(&calm, Disk::new(), way(1, seed));
    let rough = Run::of(acts, disk, way(1 + acts.len() % 3, seed ^ 77));
    for (at, (calm, rough)) in calm.model.records.iter().zip(&rough.model.records).enumerate() {
        assert_eq!(calm, rough, "record {at} is another one after all that went wrong");
    }
    assert_eq!(calm.model.records.len(), rough.model.records.len());
    let now = acts.last().unwrap().now;
    let expected = picture(calm.perimeter.engine());
    same(&picture(rough.perimeter.engine()), &expected);
    rough.perimeter.journal().verify().unwrap();
    let head = rough.perimeter.journal().head().fact;
    let again = Perimeter::open(&rough.disk, &way(4, seed + 1));
    same(&picture(again.engine()), &expected);
    same(&answers_of(&again, now), &answers_of(&calm.perimeter, now));
    assert_eq!(again.journal().head().fact, head);
    twice_is_as_once(&calm, &way(2, seed));
}

/// A run in the making.
struct Run {
    disk: Disk,
    way: Way,
    perimeter: Perimeter,
    model: Model,
    /// Another node, which lives as long as the run and folds what the log gets.
    node: Node,
}

impl Run {
    fn of(acts: &[Act], disk: Disk, way: Way) -> Self {
        let perimeter = Perimeter::open(&disk, &way);
        let node = Node::new(&Way { shards: way.shards % 3 + 1, seed: way.seed ^ 1_000, ..way.clone() });
        let mut run = Self { disk, way, perimeter, model: Model::default(), node };
        for (at, act) in acts.iter().enumerate() {
            run.act(act, &format!("act-{at}"));
            run.follow();
            if let Deed::Deliver(events) = &act.deed {
                for event in events {
                    let key = (event.source.clone(), event.id.clone());
                    assert_eq!(run.model.events.get(&key), Some(&1), "an event that was acknowledged");
                }
            }
            // A clock that goes back lets nothing bite less, and nothing that is over come back.
            let now = run.perimeter.live.writer.not_before(act.now);
            run.holds_bite_and_end(now);
            run.tokens_are_as_they_were_told(now);
            // Not after every act: all that a node answers is much.
            if at % COMPARED_EVERY == 0 || at + 1 == acts.len() {
                run.nodes_answer_alike(now);
            }
        }
        run
    }

    fn follow(&mut self) {
        self.model.follow(self.perimeter.journal(), HOLDS_PER_HOUR_MAX);
    }

    /// Has something done. Who asks and is not told that it is done asks again, under the same key.
    fn act(&mut self, act: &Act, id: &str) {
        if matches!(act.deed, Deed::Restart) {
            return self.restart(act.now);
        }
        let Some(asked) = Asked::of(&self.perimeter, act, id) else { return };
        self.disk.set_fault(act.wrong);
        let done = asked.perform(&mut self.perimeter, id, act.now);
        let struck = act.wrong.filter(|_| !self.disk.set_fault(None));
        match struck.map(|fault| fault.end) {
            None => done.clone().unwrap(),
            Some(End::Full) => {
                if matches!(done, Err(WorkError::Pending(_))) {
                    self.what_is_not_recorded_bites(act);
                }
                self.perimeter.tick(act.now).unwrap();
            }
            Some(End::Lost | End::Durable) => self.perimeter = Perimeter::open(&self.disk, &self.way),
        }
        self.follow();
        if done.is_err() && !self.model.was_asked(id) {
            let again = asked.perform(&mut self.perimeter, id, act.now);
            assert_eq!(again, Ok(()), "{act:?}");
        }
    }

    /// A denial does not wait until it can be recorded.
    fn what_is_not_recorded_bites(&self, act: &Act) {
        let Deed::Place { pick, profile: HoldProfile::Deny, .. } = &act.deed else { return };
        let held = picked(&self.perimeter.control().identities, *pick).unwrap();
        let now = self.perimeter.live.writer.not_before(act.now);
        let decision = asked(&self.perimeter, (&held, "read"), now);
        assert_eq!((decision.decided(), decision.pending), (Effect::Deny, true), "{held} is not held yet");
    }

    /// A restart changes no state, no answer, and nothing in the log.
    fn restart(&mut self, now: Time) {
        let before = (picture(self.perimeter.engine()), answers_of(&self.perimeter, now));
        let head = self.perimeter.journal().head().clone();
        self.perimeter = Perimeter::open(&self.disk, &self.way);
        let after = (picture(self.perimeter.engine()), answers_of(&self.perimeter, now));
        same(&after.0, &before.0);
        same(&after.1, &before.1);
        assert_eq!(*self.perimeter.journal().head(), head);
    }

    fn holds_bite_and_end(&self, now: Time) {
        let held: Vec<_> = self.model.in_force(now).collect();
        for hold in &held {
            for action in ["read", "write", "shred", "assume"] {
                let decision = asked(&self.perimeter, (&hold.subject, action), now);
                if bites(hold, action) {
                    assert_ne!(decision.decided(), Effect::Permit, "{hold:?} lets {action} pass");
                    let enforces = self.perimeter.world().settings.mode == Mode::Enforce;
                    assert!(!enforces || decision.effect() != Effect::Permit, "{hold:?} lets {action} pass");
                }
            }
        }
        for identity in self.perimeter.control().identities.keys() {
            let decision = asked(&self.perimeter, (&**identity, "shred"), now);
            for id in &decision.holds {
                assert!(held.iter().any(|hold| hold.id == *id), "hold {id} is not in force, and took part");
            }
        }
    }

    /// Two live nodes that folded the same records answer the same.
    fn nodes_answer_alike(&mut self, now: Time) {
        self.node.follow(self.perimeter.journal());
        same(&picture(&self.node.engine), &picture(self.perimeter.engine()));
        let control = self.perimeter.control();
        same(&answers((&self.node.world, control), now), &answers((&self.perimeter.world(), control), now));
    }

    fn tokens_are_as_they_were_told(&self, now: Time) {
        let tokens = tokens_of(&self.perimeter.live.writer.engine().state);
        for (id, issued) in &self.model.issued {
            let valid = !self.model.revoked.contains(id) && now.ms() < issued.expires_at_ms;
            assert_eq!(tokens.is_valid(id, now), valid, "token {id}");
        }
    }
}

/// What the process is asked for: made once, so that it can be asked again.
enum Asked<'a> {
    Take(&'a [Event]),
    Command(Command),
    Publish(Files, Settings),
    Decide(String, &'static str),
    Tick,
    Checkpoint,
}

impl<'a> Asked<'a> {
    /// Nothing, when there is nobody or nothing of the kind yet.
    fn of(perimeter: &Perimeter, act: &'a Act, id: &str) -> Option<Self> {
        Some(match &act.deed {
            Deed::Deliver(events) => Self::Take(events),
            Deed::Tick => Self::Tick,
            Deed::Checkpoint => Self::Checkpoint,
            Deed::Ask { pick, action } => {
                Self::Decide(picked(&perimeter.control().identities, *pick)?, action)
            }
            Deed::Publish { people, mode, risk_max } => {
                Self::Publish(policies(people), Settings { mode: *mode, risk_max: *risk_max })
            }
            _ => Self::Command(command(perimeter, act, id)?),
        })
    }

    fn perform(&self, perimeter: &mut Perimeter, id: &str, now: Time) -> Result<()> {
        match self {
            Self::Take(events) => perimeter.take(events.to_vec(), now).map(drop),
            Self::Command(command) => perimeter.admit(command.clone(), once(id), now).map(drop),
            Self::Publish(files, settings) => {
                perimeter.publish_policy(files.clone(), *settings, once(id), now).map(drop)
            }
            Self::Tick => perimeter.tick(now),
            Self::Checkpoint => {
                perimeter.live.writer.checkpoint().unwrap();
                Ok(())
            }
            Self::Decide(identity, action) => {
                let gate = perimeter.gate("gateway");
                let subject = EntityRef { kind: kind_of(identity), id: identity };
                let request = Request::new(gate.about(subject), action, DOC);
                perimeter.ask(&request, id, now).map(drop)
            }
        }
    }
}

fn command(perimeter: &Perimeter, act: &Act, id: &str) -> Option<Command> {
    let control = perimeter.control();
    let by = || "test".to_owned();
    // Whoever asks for something goes by a clock that is right, and asks for what is not over yet.
    let now = perimeter.live.writer.not_before(act.now);
    let ends = |lasts: Millis| (now + lasts).ms();
    let is_over = |expires_at_ms: i64| expires_at_ms != 0 && expires_at_ms <= now.ms();
    Some(match &act.deed {
        Deed::Place { pick, profile, lasts } => Command::PlaceHold(Hold {
            id: id.to_owned(),
            scope: HoldScope::Identity.into(),
            subject: picked(&control.identities, *pick)?,
            profile: (*profile).into(),
            expires_at_ms: ends(*lasts),
            ..Hold::default()
        }),
        Deed::Release { pick } => Command::ReleaseHold(HoldReleased {
            id: picked_of(control.holds.values().filter(|hold| !is_over(hold.expires_at_ms)), *pick)?
                .id
                .clone(),
            by: by(),
            reason: String::new(),
        }),
        Deed::IssueToken { lasts } => Command::IssueToken(TokenIssued {
            id: id.to_owned(),
            secret_hash: vec![7; 32],
            scopes: vec!["read".to_owned()],
            expires_at_ms: ends(*lasts),
            ..TokenIssued::default()
        }),
        Deed::RevokeToken { pick } => {
            let valid = control.tokens.values().filter(|token| !is_over(token.expires_at_ms));
            Command::RevokeToken(TokenRevoked { id: picked_of(valid, *pick)?.id.clone(), by: by() })
        }
        Deed::SetPep { mode } => Command::SetPep(PepSet {
            pep: Pep { name: "gateway".to_owned(), mode: (*mode).into() },
            by: by(),
        }),
        Deed::Deliver(_)
        | Deed::Publish { .. }
        | Deed::Ask { .. }
        | Deed::Tick
        | Deed::Checkpoint
        | Deed::Restart => {
            return None;
        }
    })
}

fn picked<K: ToString, T>(among: &BTreeMap<K, T>, pick: usize) -> Option<String> {
    picked_of(among.keys(), pick).map(ToString::to_string)
}

fn picked_of<T>(mut among: impl Iterator<Item = T> + Clone, pick: usize) -> Option<T> {
    let count = among.clone().count();
    among.nth(pick % count.max(1))
}

/// Whether a hold, with nothing proven and no habits like it, takes an action away.
fn bites(hold: &Hold, action: &str) -> bool {
    match hold.profile() {
        HoldProfile::Deny => true,
        HoldProfile::ReadOnly => action != "read",
        HoldProfile::BaselineOnly => hold.habits.iter().all(|habit| habit.action != action),
        HoldProfile::StepUp => true,
        HoldProfile::NoDelegation => action == "assume",
    }
}

const DOC: EntityRef<'static> = EntityRef { kind: "Doc", id: "plan" };

/// Those whom the policy set names have an e-mail address for a name.
fn kind_of(identity: &str) -> &'static str {
    if identity.contains(':') { "Identity" } else { "User" }
}

fn asked(perimeter: &Perimeter, (identity, action): (&str, &str), now: Time) -> Decision {
    answer(&perimeter.world(), EntityRef { kind: kind_of(identity), id: identity }, action, now)
}

fn answer(world: &World, subject: EntityRef<'_>, action: &str, now: Time) -> Decision {
    let gate = Gate::new("gateway", Mode::Enforce);
    decide(world, &Request::new(gate.about(subject), action, DOC), now)
}

fn answers_of(perimeter: &Perimeter, now: Time) -> String {
    answers((&perimeter.world(), perimeter.control()), now)
}

/// What everybody would be answered, under any name.
fn answers((world, control): (&World, &Control), now: Time) -> String {
    let mut answers = String::new();
    for id in control.identities.keys() {
        for (kind, action) in [("Identity", "write"), ("User", "read"), ("Identity", "shred")] {
            let decision = answer(world, EntityRef { kind, id }, action, now);
            writeln!(answers, "{kind} {id} {action}: {decision:?}").unwrap();
        }
    }
    answers
}

/// The state in words, without what may differ from process to process.
fn picture(engine: &Engine) -> String {
    let control = &engine.state.control;
    let risks: Vec<_> = control.identities.keys().map(|id| control.risk(id)).collect();
    let habits = engine.state.all_habits().into_iter().map(|(name, habits)| {
        let counts = (habits.events, habits.denied, habits.days, habits.day_peak_milli);
        (name, habits.first_at, habits.last_at, counts, &habits.bursts, engine.state.asked(name))
    });
    let habits: Vec<_> = habits.collect();
    format!(
        "{:#?}",
        (
            (control.fact_number, control.now, &control.identities, &control.credentials, &control.edges),
            (&control.findings, &control.holds, &control.recommended, &control.peps, &control.tokens),
            (&control.inventory, &control.policy, risks, habits, engine.state.budget.threshold_milli),
        )
    )
}

/// Fails with the lines around the first difference.
#[track_caller]
fn same(found: &str, expected: &str) {
    let differs = found.lines().zip(expected.lines()).position(|(found, expected)| found != expected);
    if let Some(at) = differs {
        let around =
            |text: &str| text.lines().skip(at.saturating_sub(20)).take(25).collect::<Vec<_>>().join("\n");
        panic!("found\n{}\nexpected\n{}", around(found), around(expected));
    }
    assert_eq!(found.len(), expected.len());
}

/// Steps every record twice: the second time nothing changes and nothing follows.
fn twice_is_as_once(run: &Run, way: &Way) {
    let mut engine = way.engine();
    for record in &run.model.records {
        engine.replay(record);
        assert_eq!(engine.step(record), []);
    }
    same(&picture(&engine), &picture(run.perimeter.engine()));
}

/// The policies of the office, for these people.
fn policies(people: &[String]) -> Files {
    let office = |name: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/office").join(name);
        (name.to_owned(), std::fs::read_to_string(path).unwrap())
    };
    let mut files = Files::from(["policies.cedar", "schema.cedarschema"].map(office));
    let rows = people.iter().map(|name| format!("  - {{type: User, id: {name}, identity: human}}\n"));
    files.insert("entities.yaml".to_owned(), format!("entities:\n{}", rows.collect::<String>()));
    files
}
