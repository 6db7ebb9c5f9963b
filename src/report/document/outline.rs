//! The parts of a Diagnostic report, in the order that the programme asks for: their titles, and what to write in each.

use crate::model::Lang;

/// One part of the report.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// As in the field `section` of a block.
    pub code: &'static str,
    title: [&'static str; 2],
    help: [&'static str; 2],
}

impl Section {
    /// What stands above it.
    pub fn title(&self, lang: Lang) -> &'static str {
        let [french, english] = self.title;
        if lang == Lang::Fr { french } else { english }
    }

    /// What the committee writes there, for whoever begins.
    pub fn help(&self, lang: Lang) -> &'static str {
        let [french, english] = self.help;
        if lang == Lang::Fr { french } else { english }
    }
}

/// Every part, in order.
pub const OUTLINE: &[Section] = &[
    Section {
        code: "summary",
        title: ["En bref", "In short"],
        help: [
            "En une page : pourquoi ce diagnostic, ce qu’il montre, ce que le comité propose. Bouillon y met les nombres de la carte.",
            "In one page: why this diagnosis, what it shows, what the committee proposes. Bouillon adds the numbers of the map.",
        ],
    },
    Section {
        code: "governance",
        title: ["Le schéma de gouvernance", "The governance scheme"],
        help: [
            "Comment les décisions se prennent aujourd’hui : qui propose, qui décide, qui contrôle. Le dessin du schéma se dépose ici, avec sa description en texte.",
            "How decisions are made today: who proposes, who decides, who checks. Upload the drawing of the scheme here, with a description in words.",
        ],
    },
    Section {
        code: "devices",
        title: ["Les dispositifs de participation", "The participation devices"],
        help: [
            "Ce que les dispositifs permettent et ce qui leur manque. Bouillon y met leur tableau, par étape, et leur place sur l’échelle d’Arnstein.",
            "What the devices make possible and what they lack. Bouillon adds their table, by step, and their place on Arnstein’s ladder.",
        ],
    },
    Section {
        code: "map",
        title: ["La carte des acteurs", "The map of actors"],
        help: [
            "Comment la carte a été faite, et avec qui. Bouillon y met la carte sur une page et le nombre d’acteurs par thème.",
            "How the map was made, and with whom. Bouillon adds the map on one page and the number of actors by theme.",
        ],
    },
    Section {
        code: "analysis",
        title: ["Ce que la carte dit du territoire", "What the map says of the territory"],
        help: [
            "Où les acteurs sont nombreux, où ils manquent, quels thèmes sont peu présents. Bouillon y met densité, diversité, zones blanches et concentration.",
            "Where actors are many, where they are missing, which themes are rare. Bouillon adds density, diversity, white zones and concentration.",
        ],
    },
    Section {
        code: "network",
        title: ["Les liens entre les acteurs", "The links between actors"],
        help: [
            "Qui travaille avec qui, qui aide qui, qui est seul. Bouillon y met les liens que les fiches disent.",
            "Who works with whom, who helps whom, who is alone. Bouillon adds the links that the sheets tell.",
        ],
    },
    Section {
        code: "quality",
        title: ["La qualité des données et la participation", "Data quality and participation"],
        help: [
            "Ce que la carte ne voit pas, et qui y a participé. Bouillon y met fraîcheur, fiches complètes, sources et modifications par mois.",
            "What the map does not see, and who took part. Bouillon adds freshness, completeness, sources and edits per month.",
        ],
    },
    Section {
        code: "priorities",
        title: ["Les priorités", "The priorities"],
        help: [
            "Les suites que le comité propose, de la plus importante à la moins importante, avec qui et pour quand.",
            "What the committee proposes next, the most important first, with whom and by when.",
        ],
    },
    Section {
        code: "method",
        title: ["Annexe : méthode et sources", "Annex: method and sources"],
        help: [
            "Ce qu’il faut savoir pour lire ou refaire ce rapport. Bouillon y met la définition de chaque indicateur, ses limites, les sources, et la liste des acteurs.",
            "What is needed to read or redo this report. Bouillon adds the definition of each indicator, its limits, the sources, and the list of actors.",
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::work::SECTIONS;

    #[test]
    fn the_outline_holds_every_section_that_a_block_can_name_in_that_order() {
        assert_eq!(OUTLINE.iter().map(|s| s.code).collect::<Vec<_>>(), SECTIONS);
        assert!(OUTLINE.iter().all(|s| s.title(Lang::Fr) != s.title(Lang::En) && s.help(Lang::Fr) != s.help(Lang::En)));
    }
}
