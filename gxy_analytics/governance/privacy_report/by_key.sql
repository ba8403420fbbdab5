subject in {customers:Array(String)}
