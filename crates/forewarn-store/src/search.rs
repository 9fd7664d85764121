//! Looking for things by what people remember of them: a part of a name, of an address, of a title. A person waits for the answer and
//! asks seldom, so these statements may read a table from end to end; nothing that sends does.

use crate::contacts::{ContactRow, with_states};
use crate::db::args;
use crate::events::{COLUMNS, stored};
use crate::{Result, Store, StoredEvent};
use forewarn_core::contact::Contact;

/// SQL for "holds the words", in large or small letters. SQLite folds letters of the alphabet only: `$2` finds others as they were typed.
macro_rules! holds {
    ($column:literal) => {
        concat!(
            "(lower(",
            $column,
            ") LIKE $1 ESCAPE '!' OR ",
            $column,
            " LIKE $2 ESCAPE '!')"
        )
    };
}

/// Words as a pattern that finds them anywhere, signs of patterns taken as they are.
fn pattern(words: &str) -> String {
    let mut pattern = String::from("%");
    for letter in words.chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

impl Store {
    /// Contacts whose id, name or address holds these words, by id. Addresses that are secrets (of webhooks and chat rooms) find nobody.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_contacts(&self, words: &str, limit: i64) -> Result<Vec<ContactRow>> {
        const SQL: &str = concat!(
            "SELECT body FROM contacts WHERE ",
            holds!("id"),
            " OR id IN (SELECT contact FROM endpoints WHERE ",
            holds!("name"),
            " OR (channel NOT IN ('webhook', 'chat') AND ",
            holds!("address"),
            ")) ORDER BY id LIMIT $3"
        );
        let (folded, typed) = (pattern(&words.to_lowercase()), pattern(words));
        let mut tx = self.db.read().await?;
        let rows = tx.rows(SQL, args![folded, typed, limit]).await?;
        let found = rows
            .iter()
            .map(|row| Ok(serde_json::from_str(&row.text(0)?)?))
            .collect::<Result<Vec<Contact>>>()?;
        with_states(&mut tx, found).await
    }

    /// Events whose id or title holds these words, the open ones first, then the ones changed last.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_events(&self, words: &str, limit: i64) -> Result<Vec<StoredEvent>> {
        const SQLITE: &str = concat!(
            "kind NOT IN ('window', 'reminder') AND (",
            holds!("id"),
            " OR ",
            holds!("json_extract(body, '$.title')"),
            ") ORDER BY is_open DESC, updated_at DESC, id LIMIT $3"
        );
        const POSTGRES: &str = concat!(
            "kind NOT IN ('window', 'reminder') AND (",
            holds!("id"),
            " OR ",
            holds!("(body::jsonb ->> 'title')"),
            ") ORDER BY is_open DESC, updated_at DESC, id LIMIT $3"
        );
        let (folded, typed) = (pattern(&words.to_lowercase()), pattern(words));
        let mut tx = self.db.read().await?;
        let which = tx.either(SQLITE, POSTGRES);
        let sql = format!("SELECT {COLUMNS} FROM events WHERE {which}");
        let rows = tx.rows(&sql, args![folded, typed, limit]).await?;
        rows.iter().map(stored).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn signs_of_patterns_are_taken_as_they_are() {
        assert_eq!(pattern("50%_!"), "%50!%!_!!%");
    }
}
