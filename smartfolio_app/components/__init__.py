"""Building blocks of every page. Semantic elements and class names; the look is in ``assets/css``.

What there is, by file::

    shell.page(title_key, *content, actions=(), lead_key=None)   the frame of a signed-in page, and its heading
    controls    button, icon_button, link_button, submit, segmented, search_box, chip
    forms       form, field, text_input, number_input, date_input, text_area, select, check, switch, form_error
    dialogs     dialog (middle, side="drawer", wide=True), confirm
    tables      data_table, Column, cell, number_cell, pager, group_row
    figures     figure (a number that explains itself), hero, change, skeleton
    notices     toast, banner, empty_state, progress
    icons       icon

Rules that keep pages alike:

- Texts come from ``i18n.t``; a label given as a key (``label="common.save"``) is translated by the component.
- A state string that is still empty shows a skeleton of the final size: give the element ``figures.skeleton``'s
  class (``sk w8``) instead of a spinner. Unknown values are the text the state's formatter gives (``—``).
- Numbers carry the class ``num``; gains and losses go through ``change`` (arrow, sign, then colour).
- No ``style``: add a class to the css file of the page (``assets/css/<page>.css``, listed in ``smartfolio_app.py``).
- Dialogs are native ``<dialog>``: focus is kept inside, Escape closes and fires ``on_close``.
"""
