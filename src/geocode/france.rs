//! The départements and regions of France, for the « context » of an address: by the first figures of its INSEE code.

/// Regions in the order that the table below counts them.
const REGIONS: [&str; 18] = [
    "Auvergne-Rhône-Alpes",
    "Bourgogne-Franche-Comté",
    "Bretagne",
    "Centre-Val de Loire",
    "Corse",
    "Grand Est",
    "Hauts-de-France",
    "Île-de-France",
    "Normandie",
    "Nouvelle-Aquitaine",
    "Occitanie",
    "Pays de la Loire",
    "Provence-Alpes-Côte d’Azur",
    "Guadeloupe",
    "Martinique",
    "Guyane",
    "La Réunion",
    "Mayotte",
];

/// Code, name, region.
const DEPARTMENTS: [(&str, &str, usize); 101] = [
    ("01", "Ain", 0),
    ("02", "Aisne", 6),
    ("03", "Allier", 0),
    ("04", "Alpes-de-Haute-Provence", 12),
    ("05", "Hautes-Alpes", 12),
    ("06", "Alpes-Maritimes", 12),
    ("07", "Ardèche", 0),
    ("08", "Ardennes", 5),
    ("09", "Ariège", 10),
    ("10", "Aube", 5),
    ("11", "Aude", 10),
    ("12", "Aveyron", 10),
    ("13", "Bouches-du-Rhône", 12),
    ("14", "Calvados", 8),
    ("15", "Cantal", 0),
    ("16", "Charente", 9),
    ("17", "Charente-Maritime", 9),
    ("18", "Cher", 3),
    ("19", "Corrèze", 9),
    ("21", "Côte-d’Or", 1),
    ("22", "Côtes-d’Armor", 2),
    ("23", "Creuse", 9),
    ("24", "Dordogne", 9),
    ("25", "Doubs", 1),
    ("26", "Drôme", 0),
    ("27", "Eure", 8),
    ("28", "Eure-et-Loir", 3),
    ("29", "Finistère", 2),
    ("2A", "Corse-du-Sud", 4),
    ("2B", "Haute-Corse", 4),
    ("30", "Gard", 10),
    ("31", "Haute-Garonne", 10),
    ("32", "Gers", 10),
    ("33", "Gironde", 9),
    ("34", "Hérault", 10),
    ("35", "Ille-et-Vilaine", 2),
    ("36", "Indre", 3),
    ("37", "Indre-et-Loire", 3),
    ("38", "Isère", 0),
    ("39", "Jura", 1),
    ("40", "Landes", 9),
    ("41", "Loir-et-Cher", 3),
    ("42", "Loire", 0),
    ("43", "Haute-Loire", 0),
    ("44", "Loire-Atlantique", 11),
    ("45", "Loiret", 3),
    ("46", "Lot", 10),
    ("47", "Lot-et-Garonne", 9),
    ("48", "Lozère", 10),
    ("49", "Maine-et-Loire", 11),
    ("50", "Manche", 8),
    ("51", "Marne", 5),
    ("52", "Haute-Marne", 5),
    ("53", "Mayenne", 11),
    ("54", "Meurthe-et-Moselle", 5),
    ("55", "Meuse", 5),
    ("56", "Morbihan", 2),
    ("57", "Moselle", 5),
    ("58", "Nièvre", 1),
    ("59", "Nord", 6),
    ("60", "Oise", 6),
    ("61", "Orne", 8),
    ("62", "Pas-de-Calais", 6),
    ("63", "Puy-de-Dôme", 0),
    ("64", "Pyrénées-Atlantiques", 9),
    ("65", "Hautes-Pyrénées", 10),
    ("66", "Pyrénées-Orientales", 10),
    ("67", "Bas-Rhin", 5),
    ("68", "Haut-Rhin", 5),
    ("69", "Rhône", 0),
    ("70", "Haute-Saône", 1),
    ("71", "Saône-et-Loire", 1),
    ("72", "Sarthe", 11),
    ("73", "Savoie", 0),
    ("74", "Haute-Savoie", 0),
    ("75", "Paris", 7),
    ("76", "Seine-Maritime", 8),
    ("77", "Seine-et-Marne", 7),
    ("78", "Yvelines", 7),
    ("79", "Deux-Sèvres", 9),
    ("80", "Somme", 6),
    ("81", "Tarn", 10),
    ("82", "Tarn-et-Garonne", 10),
    ("83", "Var", 12),
    ("84", "Vaucluse", 12),
    ("85", "Vendée", 11),
    ("86", "Vienne", 9),
    ("87", "Haute-Vienne", 9),
    ("88", "Vosges", 5),
    ("89", "Yonne", 1),
    ("90", "Territoire de Belfort", 1),
    ("91", "Essonne", 7),
    ("92", "Hauts-de-Seine", 7),
    ("93", "Seine-Saint-Denis", 7),
    ("94", "Val-de-Marne", 7),
    ("95", "Val-d’Oise", 7),
    ("971", "Guadeloupe", 13),
    ("972", "Martinique", 14),
    ("973", "Guyane", 15),
    ("974", "La Réunion", 16),
    ("976", "Mayotte", 17),
];

/// Code, name and region of the département that an INSEE code of a commune belongs to.
pub(super) fn department(citycode: &str) -> Option<(&'static str, &'static str, &'static str)> {
    let good = citycode.len() == 5 && citycode.is_ascii();
    let code = citycode.get(..if citycode.starts_with("97") { 3 } else { 2 }).filter(|_| good)?;
    let found = DEPARTMENTS.iter().find(|(c, _, _)| *c == code)?;
    Some((found.0, found.1, REGIONS[found.2]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_insee_code_tells_its_department_and_region() {
        assert_eq!(department("35236"), Some(("35", "Ille-et-Vilaine", "Bretagne")));
        assert_eq!(department("2A004").map(|d| d.1), Some("Corse-du-Sud"));
        assert_eq!(department("97209").map(|d| d.2), Some("Martinique"));
        assert_eq!(department("20000"), None);
        assert_eq!(department("356"), None);
        assert_eq!(department("é1234"), None);
        assert!(DEPARTMENTS.windows(2).all(|w| w[0].0 < w[1].0));
    }
}
