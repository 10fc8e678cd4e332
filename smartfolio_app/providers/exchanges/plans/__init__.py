"""How each exchange is read: one module an exchange that needs its own way, ``unified`` for all the others."""
