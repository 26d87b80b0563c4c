//! The ledger of what was used, in the file of the search index: it outlives the observations that it was made of.

use doorward_model::time::{Millis, Time};
use doorward_model::usage::{Ledger, RESOURCES_MAX, Span};
use rusqlite::{Connection, Row, params};

use crate::error::JournalError;

/// Makes the tables where they are not there.
pub(super) fn create(connection: &Connection) -> Result<(), JournalError> {
    // A use on whatever resource has no resource; the others are parts of it.
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS used (identity TEXT, action TEXT, resource TEXT,
             first INTEGER, last INTEGER, count INTEGER, PRIMARY KEY (identity, action, resource)) WITHOUT ROWID;
         CREATE TABLE IF NOT EXISTS logged (account TEXT, action TEXT,
             first INTEGER, last INTEGER, count INTEGER, PRIMARY KEY (account, action)) WITHOUT ROWID;",
    )?;
    Ok(())
}

/// Adds what some rows show.
pub(super) fn put(connection: &Connection, ledger: &Ledger) -> Result<(), JournalError> {
    let mut put = connection.prepare_cached(
        "INSERT INTO used VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET
             first = min(first, excluded.first), last = max(last, excluded.last), count = count + excluded.count",
    )?;
    // As the ledger itself does: what is kept are the first in the order of their names.
    let mut cut = connection.prepare_cached(
        "DELETE FROM used WHERE identity = ?1 AND action = ?2 AND resource > (SELECT resource FROM used
             WHERE identity = ?1 AND action = ?2 AND resource > '' ORDER BY resource LIMIT 1 OFFSET ?3)",
    )?;
    let last_kept = i64::try_from(RESOURCES_MAX).unwrap_or(i64::MAX) - 1;
    for (identity, action, used) in ledger.uses() {
        let all = std::iter::once(("", &used.all));
        for (resource, span) in all.chain(used.on.iter().map(|(on, span)| (on.as_str(), span))) {
            let [first, last, count] = numbers(span);
            put.execute(params![identity, action, resource, first, last, count])?;
        }
        if !used.on.is_empty() {
            cut.execute(params![identity, action, last_kept])?;
        }
    }
    let mut put = connection.prepare_cached(
        "INSERT INTO logged VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET
             first = min(first, excluded.first), last = max(last, excluded.last), count = count + excluded.count",
    )?;
    for (account, action, span) in ledger.logged() {
        let [first, last, count] = numbers(&span);
        put.execute(params![account, action, first, last, count])?;
    }
    Ok(())
}

/// The whole ledger.
pub(super) fn get(connection: &Connection) -> Result<Ledger, JournalError> {
    let mut ledger = Ledger::default();
    let mut query = connection.prepare("SELECT first, last, count, identity, action, resource FROM used")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (identity, action, resource): (String, String, String) = (row.get(3)?, row.get(4)?, row.get(5)?);
        let span = span(row)?;
        let (all, on) = match resource.is_empty() {
            true => (span, None),
            // A part of what is counted already.
            false => (Span { count: 0, ..span }, Some((resource, span))),
        };
        ledger.put_use(&identity, &action, (all, on));
    }
    let mut query = connection.prepare("SELECT first, last, count, account, action FROM logged")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (account, action): (String, String) = (row.get(3)?, row.get(4)?);
        ledger.add_logged(&account, &action, span(row)?);
    }
    Ok(ledger)
}

/// Drops what was last used long before the end of the log.
pub(super) fn expire(connection: &Connection) -> Result<(), JournalError> {
    let newest: Option<i64> = connection.query_row("SELECT max(last) FROM logged", [], |row| row.get(0))?;
    let Some(newest) = newest else { return Ok(()) };
    let oldest = (Time::from_ms(newest) - KEPT).ms();
    for table in ["used", "logged"] {
        connection.execute(&format!("DELETE FROM {table} WHERE last < ?1"), [oldest])?;
        // What is kept was used in the time that is kept.
        connection.execute(&format!("UPDATE {table} SET first = ?1 WHERE first < ?1"), [oldest])?;
    }
    Ok(())
}

fn numbers(span: &Span) -> [i64; 3] {
    [span.first.ms(), span.last.ms(), i64::try_from(span.count).unwrap_or(i64::MAX)]
}

fn span(row: &Row<'_>) -> Result<Span, JournalError> {
    let time = |column| row.get(column).map(Time::from_ms);
    let count: i64 = row.get(2)?;
    Ok(Span { first: time(0)?, last: time(1)?, count: count.unsigned_abs() })
}

/// So long a use is kept behind the newest event, as AWS keeps when services were last accessed.
const KEPT: Millis = Millis::DAY.times(400);
