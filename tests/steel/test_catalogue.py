import pytest

from steel import catalogue
from steel.elements import Element, parse_element
from steel.errors import InputError
from steel.materials import MaterialKind


def test_every_figure_names_its_source() -> None:
    figures = catalogue.figures()
    assert len(figures) > 500
    assert all(len(figure.source) > 10 for figure in figures.values())


@pytest.mark.parametrize(
    ("category", "density", "steriles", "aims"),
    [
        ("E3", 0.6, 1.0, {"Cu": 0.25, "Sn": 0.01, "Cr+Ni+Mo": 0.25}),
        ("E1", 0.5, 1.5, {"Cu": 0.4, "Sn": 0.02, "Cr+Ni+Mo": 0.3}),
        ("E40", 0.9, 0.4, {"Cu": 0.25, "Sn": 0.02}),
        ("E5M", 0.6, None, {"Cu": 0.4, "Sn": 0.03, "Cr+Ni+Mo": 1.0, "S": 0.1}),
    ],
)
def test_scrap_categories_carry_the_eu27_specification(
    category: str, density: float, steriles: float | None, aims: dict[str, float]
) -> None:
    material = catalogue.material(category)
    assert material.bulk_density_t_per_m3 == density
    assert material.specification is not None
    assert material.specification.residual_aims_wt_pct == aims
    if steriles is not None:
        assert material.specification.steriles_max_wt_pct == steriles


def test_the_catalogue_covers_what_an_eaf_shop_uses() -> None:
    kinds = {material.kind for material in catalogue.materials().values()}
    assert kinds >= set(MaterialKind) - {MaterialKind.UNRECORDED}
    assert {"FeMn_HC", "SiMn", "FeSi75", "FeCr_HC", "Ni", "FeMo", "lime", "dolime", "anthracite"} <= set(
        catalogue.materials()
    )
    assert len(catalogue.grades()) >= 12


def test_grades_limit_what_their_standards_limit() -> None:
    steel = catalogue.grade("42CrMo4")
    assert steel.minimum_wt_pct[Element.CR] == 0.90
    assert steel.maximum_wt_pct[Element.CR] == 1.20
    assert steel.elements().index(Element.C) < steel.elements().index(Element.CR)


def test_residuals_stay_and_silicon_leaves() -> None:
    shredded = catalogue.material("E40")
    assert shredded.recovered_content(Element.CU) == shredded.content(Element.CU)
    assert shredded.recovered_content(Element.SI) < 0.1 * shredded.content(Element.SI)


def test_unknown_names_say_what_is_known() -> None:
    with pytest.raises(InputError, match="E40"):
        catalogue.material("E99")
    with pytest.raises(InputError, match="B500B"):
        catalogue.grade("B501")
    with pytest.raises(InputError, match="Cu"):
        parse_element("Xx")


def test_elements_are_read_in_any_case() -> None:
    assert parse_element(" cu ") is Element.CU
