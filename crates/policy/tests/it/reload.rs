//! A set is replaced under load: no decision ever sees half of it.

use std::sync::Arc;

use arc_swap::ArcSwap;
use doorward_model::decision::{Decision, Effect, Mode, Reason};
use doorward_model::id::FactNumber;
use doorward_model::identity::IdentityKind;
use doorward_model::time::Time;
use doorward_policy::decide;
use doorward_policy::decide::Request;
use doorward_policy::evaluate::EntityRef;
use doorward_policy::policy_set::PolicySet;
use doorward_policy::policy_set::load::{Source, Sources};
use doorward_policy::world::{Settings, World};
use doorward_views::snapshot::attribute::Attribute;
use doorward_views::snapshot::entity::Name;
use doorward_views::snapshot::overlay::Overlay;
use doorward_views::snapshot::writer::{EntityRow, Writer};

use crate::support::{asserted, verified};

const VERSIONS: u64 = 150;
const READERS: usize = 4;

const SCHEMA: &str = "
entity Group;
entity User in [Group];
entity Doc { version: Long };
action read appliesTo { principal: User, resource: Doc };
";

/// Two policies that hold over the entities of the same version only, and one that holds over none.
fn policies(version: u64) -> PolicySet {
    let permit = |id: &str| {
        format!(
            "@id(\"{id}-{version}\") permit(principal in Group::\"g{version}\", action, resource)
             when {{ resource.version == {version} }};\n"
        )
    };
    let forbid = format!("forbid(principal, action, resource) when {{ resource.version != {version} }};\n");
    let source = |path: &str, text: String| Source { path: path.to_owned(), text };
    let sources = Sources {
        policies: vec![source("one.cedar", permit("one")), source("two.cedar", permit("two") + &forbid)],
        schema: vec![source("s.cedarschema", SCHEMA.to_owned())],
        links: Vec::new(),
    };
    PolicySet::load(&sources).unwrap()
}

fn put(writer: &mut Writer, version: u64) {
    let user = EntityRow {
        name: Name::new("User", "u"),
        identity: Some(IdentityKind::Human),
        parents: vec![Name::new("Group", &format!("g{version}"))],
        ..EntityRow::default()
    };
    let version = Attribute::Long(i64::try_from(version).unwrap());
    let doc = EntityRow {
        name: Name::new("Doc", "d"),
        attributes: [(Arc::from("version"), version)].into_iter().collect(),
        ..EntityRow::default()
    };
    writer.put_entity(user).unwrap();
    writer.put_entity(doc).unwrap();
}

/// The world of a version, as of fact 2 x version; the one after it has one more entity, by the same policies.
fn worlds(writer: &mut Writer, version: u64) -> [World; 2] {
    put(writer, version);
    let overlay = Arc::new(Overlay::default());
    let settings = Settings { mode: Mode::Enforce, ..Settings::default() };
    let snapshot = writer.publish(FactNumber(2 * version));
    let world = World::new(snapshot, Arc::clone(&overlay), Arc::new(policies(version)), settings);
    let other = EntityRow { name: Name::new("User", &format!("other-{version}")), ..EntityRow::default() };
    writer.put_entity(other).unwrap();
    let later = world.later(writer.publish(FactNumber(2 * version + 1)), overlay);
    [world, later]
}

fn ask(world: &World) -> Decision {
    let gate = verified("gate", None, Time::from_ms(1));
    let caller = asserted(&gate, Mode::Enforce, EntityRef { kind: "User", id: "u" });
    decide(world, &Request::new(caller, "read", EntityRef { kind: "Doc", id: "d" }), Time::from_ms(1))
}

fn expected(fact_number: u64) -> Decision {
    let version = fact_number / 2;
    Decision {
        effect: Effect::Permit.into(),
        decided: Effect::Permit.into(),
        mode: Mode::Enforce.into(),
        reasons: vec![Reason::PolicyPermit.into()],
        policies: vec![format!("one-{version}"), format!("two-{version}")],
        fact_number,
        identity: "u".to_owned(),
        candidates: 3,
        ..Decision::default()
    }
}

#[test]
fn no_decision_sees_half_a_set() {
    let mut writer = Writer::new(11);
    let [first, _] = worlds(&mut writer, 0);
    let current = ArcSwap::from_pointee(first);
    let last = 2 * VERSIONS + 1;
    std::thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| {
                let mut seen = 0;
                while seen < last {
                    let decision = ask(&current.load());
                    assert!(decision.fact_number >= seen, "{} after {seen}", decision.fact_number);
                    seen = decision.fact_number;
                    assert_eq!(decision, expected(seen));
                }
            });
        }
        for version in 1..=VERSIONS {
            for world in worlds(&mut writer, version) {
                current.store(Arc::new(world));
            }
        }
    });
}
