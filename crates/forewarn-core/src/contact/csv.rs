//! To come with the command line.
use crate::document::Catalogue;
use crate::problem::Invalid;
/// What was read.
pub struct CsvContacts {
    /// Good lines.
    pub contacts: Vec<super::Contact>,
    /// Bad lines.
    pub rejected: Vec<String>,
}
/// Reads contacts.
///
/// # Errors
/// Always, for now.
pub fn read_contacts(
    _text: impl std::io::Read,
    _known: &Catalogue,
) -> Result<CsvContacts, Invalid> {
    Err(Invalid::one("", "not yet"))
}
