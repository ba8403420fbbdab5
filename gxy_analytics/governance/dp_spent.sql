select sum(epsilon) as spent
from governance.dp_ledger
where dataset = {dataset:String}
