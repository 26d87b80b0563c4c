//! What the writer publishes: the snapshot, the policies, and what denies beside them.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use doorward_journal::Journal;
use doorward_model::command::Command;
use doorward_model::identity::Identity;
use doorward_model::record::{CommandAnswered, Fact, PolicyPublished};
use doorward_model::time::Time;
use doorward_policy::world::{Settings, World};
use doorward_serve::handle::{Done, Peps, WorkError, tokens_of};
use doorward_serve::policy_files;
use doorward_views::snapshot::entity::Name;
use doorward_views::snapshot::overlay::Overlay;

use crate::serve::live::{Live, could_not};

impl<J: Journal> Live<J> {
    /// Stores the files of a valid policy set and lets it decide.
    pub(crate) fn publish_policy(
        &mut self,
        files: &BTreeMap<String, String>,
        published: PolicyPublished,
        answered: Option<CommandAnswered>,
        now: Time,
    ) -> Result<Done, WorkError> {
        for text in files.values() {
            self.writer.put_blob(text.as_bytes()).map_err(|error| could_not(&error))?;
        }
        self.admit(&Command::PublishPolicy(published), answered, now)
    }

    /// Stores the documents of an export, which its facts name.
    pub(super) fn store(&mut self, command: &Command) -> Result<(), WorkError> {
        let Command::Import(export) = command else { return Ok(()) };
        let texts = export.policies.iter().map(|document| document.text.as_bytes());
        self.writer.put_blobs(texts).map_err(|error| could_not(&error))
    }

    /// Makes the people and programs of a policy set known as identities.
    fn introduce(&mut self, found: Vec<Identity>) {
        // With the policy set, which has just been recorded.
        let now = self.writer.journal().head().recorded_at;
        if let Err(error) = self.writer.introduce(found, now) {
            tracing::error!(%error, "cannot record the identities of the policy set");
        }
    }

    /// Publishes all that was stepped since.
    pub(crate) fn publish(&mut self) {
        let told = self.writer.take_told();
        if told.is_empty() {
            return;
        }
        let control = &self.writer.engine().state.control;
        for fact in &told {
            self.publisher.fold(fact, control);
        }
        if told.iter().any(Fact::is_of_inventory) {
            self.privilege.changed = control.fact_number;
        }
        // A set and the fact that published it become visible together: what decides is never older than what is seen.
        let decides = told.iter().rev().any(|fact| self.lets_decide(fact));
        if !decides {
            self.share_snapshot();
        }
        let tables = |fact: &Fact| {
            matches!(fact, Fact::PepSet(_) | Fact::TokenIssued(_) | Fact::TokenRevoked(_) | Fact::Tick(_))
        };
        if told.iter().any(tables) {
            self.share_tables();
        }
        self.hand_on(told);
    }

    /// Lets the policy set of a fact decide, if it is one and can be used.
    fn lets_decide(&mut self, fact: &Fact) -> bool {
        let Fact::PolicyPublished(published) = fact else {
            return false;
        };
        let used = self.use_policy(published);
        if let Err(error) = &used {
            tracing::error!(%error, "a published policy set cannot be used; the one before goes on deciding");
        }
        used.is_ok()
    }

    fn share_snapshot(&mut self) {
        let snapshot = self.publisher.publish(self.writer.engine().state.control.fact_number);
        let world = self.shared.world.load();
        self.share(world.later(snapshot, Arc::clone(&world.overlay)));
    }

    pub(super) fn share_tables(&self) {
        let state = &self.writer.engine().state;
        self.shared.peps.store(Arc::new(Peps::of(state.control.peps.values())));
        self.shared.tokens.store(Arc::new(tokens_of(state)));
    }

    pub(super) fn overlay(&self, change: impl FnOnce(&Overlay) -> Option<Overlay>) {
        let world = self.shared.world.load();
        if let Some(overlay) = change(&world.overlay) {
            self.share(world.later(Arc::clone(&world.snapshot), Arc::new(overlay)));
        }
    }

    /// Lets a published policy set decide: its files are in the journal.
    pub(super) fn use_policy(&mut self, published: &PolicyPublished) -> Result<()> {
        let mut files = BTreeMap::new();
        for (name, hash) in &published.files {
            let hash =
                policy_files::blob_hash(hash).with_context(|| format!("{name} is named by no hash"))?;
            let bytes =
                self.writer.journal().blob(hash)?.with_context(|| format!("{name} is not in the journal"))?;
            files.insert(
                name.clone(),
                String::from_utf8(bytes).with_context(|| format!("{name} is not text"))?,
            );
        }
        let (set, entities) = policy_files::read(&files).map_err(|errors| joined(&errors))?;
        let identities = entities.iter().filter_map(|row| Some((row.identity?, row.name.clone())));
        let identities: Vec<_> = identities.map(|(kind, name)| identity(kind.into(), &name)).collect();
        self.publisher.put_entities(entities, &self.writer.engine().state.control)?;
        let snapshot = self.publisher.publish(self.writer.engine().state.control.fact_number);
        let overlay = Arc::clone(&self.shared.world.load().overlay);
        let settings = Settings { mode: published.mode(), risk_max: published.risk_max };
        self.share(World::new(snapshot, overlay, Arc::new(set), settings));
        self.introduce(identities);
        self.publish();
        Ok(())
    }
}

/// An identity that a policy set names.
fn identity(kind: i32, name: &Name) -> Identity {
    Identity {
        id: name.id.to_string(),
        kind,
        platform: "doorward".to_owned(),
        name: name.id.to_string(),
        peer_group: name.kind.to_string(),
        ..Identity::default()
    }
}

pub(super) fn joined<E: std::fmt::Display>(errors: &[E]) -> anyhow::Error {
    let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::sync::atomic::{AtomicBool, Ordering};

    use doorward_engine::{Engine, Rules};
    use doorward_journal::{Keep, Memory};
    use doorward_model::decision::Mode;
    use doorward_model::id::TenantId;

    use super::*;
    use crate::serve::kept::Kept;
    use crate::writer::Writer;

    const NOW: Time = Time::from_ms(1_800_000_000_000);
    const VERSIONS: usize = 12;

    fn live() -> Live<Memory> {
        let engine = Engine::new(TenantId::from("test"), Rules::default(), 1, 7);
        let writer = Writer::open(Memory::new(Keep::All).unwrap(), engine).unwrap();
        Live::new(writer, Kept::new(Path::new("nowhere"), 0), 7).unwrap()
    }

    fn files(version: usize) -> BTreeMap<String, String> {
        let policy =
            |at| format!("@id(\"p{at}-{version}\") permit(principal, action, resource == doc::\"{at}\");\n");
        let schema = "entity user; entity doc; action read appliesTo { principal: user, resource: doc };";
        let entities = format!("entities:\n  - {{type: user, id: u{version}, identity: human}}\n");
        [
            ("p.cedar", (0..100).map(policy).collect()),
            ("s.cedarschema", schema.to_owned()),
            ("entities.yaml", entities),
        ]
        .map(|(name, text)| (name.to_owned(), text))
        .into()
    }

    /// Readers load the world again and again while sets are published: to each fact belongs one set.
    #[test]
    fn a_set_becomes_visible_with_its_fact() {
        let mut live = live();
        let shared = live.shared();
        let done = AtomicBool::new(false);
        let read = || {
            let mut seen = BTreeSet::new();
            while !done.load(Ordering::Relaxed) {
                let world = shared.world.load();
                seen.insert((world.snapshot.fact_number, world.policy.hash));
            }
            seen
        };
        let seen = std::thread::scope(|scope| {
            let reader = scope.spawn(read);
            for version in 0..VERSIONS {
                let files = files(version);
                let published = policy_files::published(&files, Mode::Enforce, 100, "test");
                live.publish_policy(&files, published, None, NOW).unwrap();
            }
            done.store(true, Ordering::Relaxed);
            reader.join().unwrap()
        });
        let facts: BTreeSet<_> = seen.iter().map(|(fact, _)| *fact).collect();
        assert_eq!(facts.len(), seen.len(), "{seen:?}");
        assert_eq!(live.shared().world.load().policy.len(), 100);
    }

    /// Several sets before one publishing: the last one that can be used decides.
    #[test]
    fn what_cannot_be_used_leaves_the_set_before_it() {
        let mut live = live();
        let broken = [("p.cedar".to_owned(), "permit(".to_owned())].into();
        for files in [files(0), files(1), broken] {
            let published = policy_files::published(&files, Mode::Enforce, 100, "test");
            for text in files.values() {
                live.writer.put_blob(text.as_bytes()).unwrap();
            }
            live.writer.admit(&Command::PublishPolicy(published), NOW).unwrap().unwrap();
        }
        live.publish();
        let expected = policy_files::read(&files(1)).unwrap().0.hash;
        let world = live.shared().world.load_full();
        assert_eq!(world.policy.hash, expected);
        assert_eq!(world.snapshot.fact_number, live.writer.engine().state.control.fact_number);
    }
}
