select count() = 0
from $target
